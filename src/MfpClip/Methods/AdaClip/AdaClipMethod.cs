using MfpClip.Backbones.Clip;
using MfpClip.Detection;
using MfpClip.Kernels;
using MfpClip.Modules.Mask;
using MfpClip.Modules.MultiPatch;
using MfpClip.Modules.Scoring;
using MfpClip.Modules.Self;
using MfpClip.Pipeline;

namespace MfpClip.Methods.AdaClip;

/// <summary>AdaCLIP: static and dynamic prompts inside both towers, in the pipeline of modules (arXiv 2407.15795).</summary>
internal sealed class AdaClipMethod(AdaClipOptions options) : IDetectionMethod
{
    public static MethodDescription About { get; } = new("adaclip", "AdaCLIP", "arXiv 2407.15795")
    {
        Summary = "static and dynamic prompts inside both towers, clusters of abnormal patches in the score", IsTrained = true,
    };

    public MethodDescription Description => About;

    public object Options => options;

    public ITrainingObjective Objective { get; } = new AdaClipObjective(options.Recipe, options.DicePerRow);

    public IReadOnlyList<ICheckpointLayout> Checkpoints { get; } = [new AdaClipCheckpoint()];

    public ClipBackboneOptions ConfigureBackbone(ClipBackboneOptions given, int? imageSize) =>
        given with { Interpolation = options.Interpolation, ActivationOverride = options.ExactGelu ? _ => MlpActivation.Gelu : null };

    public void Compose(ZeroShotDetectorBuilder builder)
    {
        _ = options.Taps is { } taps ? builder.WithTaps(taps) : builder.WithStages(options.StageCount);
        builder
            .WithPromptTemplates(options.Templates)
            .UseImageToTextPrompt(AdaClipParts.Prompts(options))
            .UseSelfPrompt(new SelfPromptOptions { Variant = SelfPromptVariant.Off })
            .UseVisionEncoder(AdaClipParts.VisionEncoder(options))
            .UseMultiPatch(new MultiPatchOptions { Neighbourhood = 1, Seed = options.Seed })
            .UseMaskPrompt(new MaskPromptOptions { Variant = MaskPromptVariant.Off })
            .UseAnomalyMap(new AnomalyMapOptions
            {
                Tau = options.Tau, Fusion = StageFusion.MeanOfLogits, AlignCorners = true, SmoothingSigma = options.SmoothingSigma,
            })
            .UseAnomalyScore(AdaClipParts.Scorer(options));
    }
}
