using MfpClip.Backbones.Clip;
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

    private static DinoConfig? Dino(string? size) => size switch
    {
        "dinov2-tiny" => new() { Width = 64, Layers = 4, Heads = 1, ImageSize = 56 },
        "dinov2-small" => DinoPresets.Small,
        "dinov2-base" => DinoPresets.Base,
        "dinov2-large" => DinoPresets.Large,
        "dinov2-giant" => DinoPresets.Giant,
        "dinov2-with-registers-small" => DinoPresets.WithRegisters(DinoPresets.Small),
        "dinov2-with-registers-base" => DinoPresets.WithRegisters(DinoPresets.Base),
        "dinov2-with-registers-large" => DinoPresets.WithRegisters(DinoPresets.Large),
        "dinov2-with-registers-giant" => DinoPresets.WithRegisters(DinoPresets.Giant),
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
            [$"There is no size '{other}' for random weights; choose tiny, small, ViT-B-32, ViT-B-16, ViT-L-14 or ViT-L-14-336, or dinov2-tiny, "
                + "dinov2-small, dinov2-base, dinov2-large, dinov2-giant or one of dinov2-with-registers-*."]),
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
