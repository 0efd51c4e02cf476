using MfpClip.Backbones.Clip;
using MfpClip.Kernels;

namespace MfpClip.Cli;

/// <summary>Sizes of models with random weights, for dry runs at full size and in moments.</summary>
internal static class RandomModels
{
    /// <summary>What a value of --weights starts with where random weights are meant: <c>random:ViT-L-14-336</c>.</summary>
    public const string Prefix = "random:";

    /// <summary>The sizes of a name; <see langword="null"/>: small.</summary>
    /// <exception cref="DetectorConfigurationException">The name is unknown.</exception>
    public static ClipConfig Config(string? size) => size switch
    {
        null or "small" => Small,
        "tiny" => Tiny,
        "ViT-L-14-336" => ClipPresets.ViTL14At336,
        "ViT-L-14" => ClipPresets.ViTL14,
        "ViT-B-16" => ClipPresets.ViTB16,
        "ViT-B-32" => ClipPresets.ViTB32,
        var other => throw new DetectorConfigurationException(
            [$"There is no size '{other}' for random weights; choose tiny, small, ViT-B-32, ViT-B-16, ViT-L-14 or ViT-L-14-336."]),
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
