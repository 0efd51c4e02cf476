using MfpClip.Backbones.Clip;
using MfpClip.Detection;
using MfpClip.Modules.Mask;
using MfpClip.Modules.MultiPatch;
using MfpClip.Modules.Scoring;
using MfpClip.Modules.Self;
using MfpClip.Pipeline;

namespace MfpClip.Methods.AnomalyClip;

/// <summary>AnomalyCLIP: object-agnostic learned prompts and v-v attention, in the pipeline of modules (arXiv 2310.18961).</summary>
internal sealed class AnomalyClipMethod(AnomalyClipOptions options) : IDetectionMethod
{
    public static MethodDescription About { get; } = new("anomalyclip", "AnomalyCLIP", "arXiv 2310.18961")
    {
        Summary = "object-agnostic learned prompts and v-v attention in the vision tower", IsTrained = true,
    };

    public MethodDescription Description => About;

    public object Options => options;

    public ITrainingObjective Objective { get; } = new AnomalyClipObjective(options.Recipe);

    public IReadOnlyList<ICheckpointLayout> Checkpoints { get; } = [new AnomalyClipCheckpoint()];

    public ClipBackboneOptions ConfigureBackbone(ClipBackboneOptions given, int? imageSize) => given with { Interpolation = options.Interpolation };

    public void Compose(ZeroShotDetectorBuilder builder)
    {
        _ = options.Taps is { } taps ? builder.WithTaps(taps) : builder.WithStages(options.StageCount);
        builder
            .UseImageToTextPrompt(AnomalyClipParts.Prompts(options))
            .UseSelfPrompt(new SelfPromptOptions { Variant = SelfPromptVariant.Off })
            .UseVisionEncoder(AnomalyClipParts.VisionEncoder(options))
            .UseMultiPatch(new MultiPatchOptions { Projection = PatchProjection.Clip, Neighbourhood = 1 })
            .UseMaskPrompt(new MaskPromptOptions { Variant = MaskPromptVariant.Off })
            .UseAnomalyMap(Map(options))
            .UseAnomalyScore(new AnomalyScoreOptions { Strategy = ScoreStrategy.Global, Tau = 1 / options.Temperature });
    }

    public IEnumerable<string> Faults() => options.ScoreFaults();

    /// <summary>Probabilities of patches, resized to pixels (section 3.3; test.py).</summary>
    public static AnomalyMapOptions Map(AnomalyClipOptions options) => new()
    {
        Tau = 1 / options.Temperature, Upsampling = MapUpsampling.AfterSoftmax, Fusion = options.Fusion, SmoothingSigma = options.SmoothingSigma,
    };
}
