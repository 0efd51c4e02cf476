using MfpClip.Modules.ImageToText;
using MfpClip.Modules.Mask;
using MfpClip.Modules.MultiPatch;
using MfpClip.Modules.Self;

namespace MfpClip.Methods;

/// <summary>A published method as a preset of the builder.</summary>
public sealed record MethodPreset
{
    /// <summary>Short name, for the command line and for folders.</summary>
    public required string Key { get; init; }

    /// <summary>Name as papers write it.</summary>
    public required string Name { get; init; }

    /// <summary>The paper.</summary>
    public required string Paper { get; init; }

    /// <summary>What it does, in a line.</summary>
    public required string Summary { get; init; }

    /// <summary>Whether it has modules to train on auxiliary data.</summary>
    public required bool IsTrained { get; init; }

    /// <summary>Whether its modules read a CNN.</summary>
    public required bool ReadsCnn { get; init; }

    /// <summary>Makes a builder this method, with starting values of a seed. Options set afterwards win.</summary>
    public required Action<ZeroShotDetectorBuilder, long> Apply { get; init; }
}

/// <summary>The methods of the paper's Table 1.</summary>
public static class MethodCatalogue
{
    /// <summary>In the order of the table.</summary>
    public static IReadOnlyList<MethodPreset> Methods { get; } =
    [
        new()
        {
            Key = "winclip", Name = "WinCLIP", Paper = "arXiv 2303.14814", IsTrained = false, ReadsCnn = false,
            Summary = "windows of the image against an ensemble of sentences; nothing is trained",
            Apply = (builder, _) => builder.UseWinClip(),
        },
        new()
        {
            Key = "april-gan", Name = "APRIL-GAN", Paper = "arXiv 2305.17382", IsTrained = true, ReadsCnn = false,
            Summary = "linear layers bring patch tokens of four layers to an ensemble of sentences",
            Apply = (builder, seed) => builder.UseAprilGan(new() { Seed = seed }),
        },
        new()
        {
            Key = "anomalyclip", Name = "AnomalyCLIP", Paper = "arXiv 2310.18961", IsTrained = true, ReadsCnn = false,
            Summary = "object-agnostic learned prompts and v-v attention in the vision tower",
            Apply = (builder, seed) => builder.UseAnomalyClip(new() { Seed = seed }),
        },
        new()
        {
            Key = "adaclip", Name = "AdaCLIP", Paper = "arXiv 2407.15795", IsTrained = true, ReadsCnn = false,
            Summary = "static and dynamic prompts inside both towers, clusters of abnormal patches in the score",
            Apply = (builder, seed) => builder.UseAdaClip(new() { Seed = seed }),
        },
        new()
        {
            Key = "mfp-clip", Name = "MFP-CLIP", Paper = "arXiv 2503.12910 v1", IsTrained = true, ReadsCnn = true,
            Summary = "image-to-text, self and mask prompts with multi-patch aggregation; this library's own method",
            Apply = (builder, seed) => builder
                .UseImageToTextPrompt(new ImageToTextPromptOptions { Seed = seed }).UseSelfPrompt(new SelfPromptOptions { Seed = seed })
                .UseMultiPatch(new MultiPatchOptions { Seed = seed }).UseMaskPrompt(new MaskPromptOptions { Seed = seed }),
        },
    ];

    /// <summary>The method of that key, upper and lower case alike.</summary>
    /// <exception cref="DetectorConfigurationException">There is none; lists those there are.</exception>
    public static MethodPreset Find(string key) => Methods.FirstOrDefault(m => string.Equals(m.Key, key?.Trim(), StringComparison.OrdinalIgnoreCase))
        ?? throw new DetectorConfigurationException([$"There is no method '{key}'; choose {string.Join(", ", Methods.Select(m => m.Key))}."]);
}
