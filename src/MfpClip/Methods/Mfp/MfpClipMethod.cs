using MfpClip.Detection;
using MfpClip.Modules.ImageToText;
using MfpClip.Modules.Mask;
using MfpClip.Modules.MultiPatch;
using MfpClip.Modules.Scoring;
using MfpClip.Modules.Self;
using MfpClip.Pipeline;

namespace MfpClip.Methods.Mfp;

/// <summary>MFP-CLIP's modules (docs/method.md). Immutable; the defaults are the paper's.</summary>
public sealed record MfpClipMethodOptions
{
    /// <summary>I2TP.</summary>
    public ImageToTextPromptOptions ImageToText { get; init; } = new();

    /// <summary>SP.</summary>
    public SelfPromptOptions SelfPrompt { get; init; } = new();

    /// <summary>MPFA.</summary>
    public MultiPatchOptions MultiPatch { get; init; } = new();

    /// <summary>MP.</summary>
    public MaskPromptOptions MaskPrompt { get; init; } = new();

    /// <summary>Anomaly map.</summary>
    public AnomalyMapOptions AnomalyMap { get; init; } = new();

    /// <summary>Anomaly score.</summary>
    public AnomalyScoreOptions AnomalyScore { get; init; } = new();

    /// <summary>The same with one seed of initialization for every module.</summary>
    public MfpClipMethodOptions WithSeed(long seed) => this with
    {
        ImageToText = ImageToText with { Seed = seed }, SelfPrompt = SelfPrompt with { Seed = seed }, MultiPatch = MultiPatch with { Seed = seed },
        MaskPrompt = MaskPrompt with { Seed = seed },
    };
}

/// <summary>MFP-CLIP, the library's own method: the pipeline with its own modules (arXiv 2503.12910 v1).</summary>
internal sealed class MfpClipMethod(MfpClipMethodOptions options) : IDetectionMethod
{
    public static MethodDescription About { get; } = new("mfp-clip", "MFP-CLIP", "arXiv 2503.12910 v1")
    {
        Summary = "image-to-text, self and mask prompts with multi-patch aggregation; this library's own method", IsTrained = true, ReadsCnn = true,
    };

    public MethodDescription Description => About;

    public ITrainingObjective Objective { get; } = new MfpClipObjective();

    // Its settings are those of its modules, which a recipe names one by one.
    public void Compose(ZeroShotDetectorBuilder builder) => builder
        .UseImageToTextPrompt(options.ImageToText).UseSelfPrompt(options.SelfPrompt).UseMultiPatch(options.MultiPatch).UseMaskPrompt(options.MaskPrompt)
        .UseAnomalyMap(options.AnomalyMap).UseAnomalyScore(options.AnomalyScore);
}
