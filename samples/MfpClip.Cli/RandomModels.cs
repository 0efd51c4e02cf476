using MfpClip.Backbones.Clip;
using MfpClip.Backbones.Cnn;
using MfpClip.Backbones.Dino;
using MfpClip.Kernels;

namespace MfpClip.Cli;

/// <summary>Sizes of models with random weights, for dry runs at full size and in moments.</summary>
internal static class RandomModels
{
    /// <summary>What a value of --weights starts with where random weights are meant: <c>random:ViT-L-14-336</c>.</summary>
    public const string Prefix = "random:";

    /// <summary>Sets a backbone of random weights by the name of its size; <see langword="null"/>: a small CLIP model.</summary>
    /// <returns>Width of its vision tower.</returns>
    /// <exception cref="DetectorConfigurationException">The name is unknown.</exception>
    public static int Use(ZeroShotDetectorBuilder builder, string? size)
    {
        if (Dino(size) is { } dino)
        {
            builder.UseRandomDinoBackbone(dino, 1);
            return dino.Width;
        }

        var clip = Clip(size);
        builder.UseRandomBackbone(clip, 1);
        return clip.Vision.Width;
    }

    // As Hugging Face names them, and as torch.hub does.
    private static DinoConfig? Dino(string? size) => size?.Replace("_", "-", StringComparison.Ordinal) switch
    {
        "dinov2-tiny" => new() { Width = 64, Layers = 4, Heads = 1, ImageSize = 56 },
        "dinov2-small" or "dinov2-vits14" => DinoPresets.Small,
        "dinov2-base" or "dinov2-vitb14" => DinoPresets.Base,
        "dinov2-large" or "dinov2-vitl14" => DinoPresets.Large,
        "dinov2-giant" or "dinov2-vitg14" => DinoPresets.Giant,
        "dinov2-with-registers-small" or "dinov2-vits14-reg" => DinoPresets.WithRegisters(DinoPresets.Small),
        "dinov2-with-registers-base" or "dinov2-vitb14-reg" => DinoPresets.WithRegisters(DinoPresets.Base),
        "dinov2-with-registers-large" or "dinov2-vitl14-reg" => DinoPresets.WithRegisters(DinoPresets.Large),
        "dinov2-with-registers-giant" or "dinov2-vitg14-reg" => DinoPresets.WithRegisters(DinoPresets.Giant),
        _ => null,
    };

    private static ClipConfig Clip(string? size) => size switch
    {
        null or "small" => Small,
        "tiny" => Tiny,
        "ViT-L-14-336" => ClipPresets.ViTL14At336,
        "ViT-L-14" => ClipPresets.ViTL14,
        "ViT-B-16" => ClipPresets.ViTB16,
        "ViT-B-32" => ClipPresets.ViTB32,
        var other => throw new DetectorConfigurationException(
            [$"There is no size '{other}' for random weights; choose tiny, small, ViT-B-32, ViT-B-16, ViT-L-14 or ViT-L-14-336, or a DINOv2 for methods that "
                + "need no text: dinov2-tiny, dinov2-small, -base, -large or -giant, dinov2-with-registers-small and so on, or as torch.hub names "
                + "them, dinov2-vits14."]),
    };

    /// <summary>A residual network by name.</summary>
    /// <exception cref="DetectorConfigurationException">The name is unknown.</exception>
    public static ResNetArchitecture Cnn(string size) => Cnns.TryGetValue(size, out var found) ? found : throw new DetectorConfigurationException(
        [$"There is no CNN '{size}' for random weights; choose {string.Join(", ", Cnns.Keys)}."]);

    private static Dictionary<string, ResNetArchitecture> Cnns { get; } = new(StringComparer.OrdinalIgnoreCase)
    {
        ["resnet18"] = ResNetArchitecture.ResNet18, ["resnet34"] = ResNetArchitecture.ResNet34, ["resnet50"] = ResNetArchitecture.ResNet50,
        ["resnet101"] = ResNetArchitecture.ResNet101, ["wide_resnet50_2"] = ResNetArchitecture.WideResNet50,
        ["wide_resnet101_2"] = ResNetArchitecture.WideResNet101,
    };

    private static ClipConfig Tiny { get; } = new()
    {
        EmbedDim = 32,
        Activation = MlpActivation.QuickGelu,
        Vision = new() { ImageSize = 56, PatchSize = 14, Width = 64, Layers = 4, Heads = 1 },
        Text = new() { VocabSize = 49408, Width = 32, Layers = 1, Heads = 1 },
    };

    private static ClipConfig Small { get; } = new()
    {
        EmbedDim = 128,
        Activation = MlpActivation.QuickGelu,
        Vision = new() { ImageSize = 336, PatchSize = 14, Width = 192, Layers = 4, Heads = 3 },
        Text = new() { VocabSize = 49408, Width = 128, Layers = 2, Heads = 2 },
    };
}
