using MfpClip.Backbones;
using MfpClip.Backbones.Clip;
using MfpClip.Detection;
using MfpClip.Imaging;
using MfpClip.Kernels;
using MfpClip.Modules.ImageToText;
using MfpClip.Modules.Mask;
using MfpClip.Modules.MultiPatch;
using MfpClip.Modules.Scoring;
using MfpClip.Modules.Self;
using MfpClip.Pipeline;

namespace MfpClip.Methods.AprilGan;

/// <summary>
/// APRIL-GAN in the pipeline of modules: patch tokens of some layers, each through its own trained linear layer, are compared with an ensemble
/// of sentences; maps of the layers are added; the score is CLIP's own (arXiv 2305.17382, its zero-shot track). No prompt is learned.
/// </summary>
internal sealed class AprilGanMethod(AprilGanOptions options) : IDetectionMethod
{
    public static MethodDescription About { get; } = new("april-gan", "APRIL-GAN", "arXiv 2305.17382")
    {
        Summary = "linear layers bring patch tokens of four layers to an ensemble of sentences", IsTrained = true,
    };

    public MethodDescription Description => About;

    public object Options => options;

    public ITrainingObjective Objective { get; } = new AprilGanObjective(options.Recipe);

    public IReadOnlyList<ICheckpointLayout> Checkpoints { get; } = [new AprilGanCheckpoint()];

    // The released loader builds OpenAI's model only at its own size; at any other it builds one whose configuration does not say QuickGELU.
    public ClipBackboneOptions ConfigureBackbone(ClipBackboneOptions given, int? imageSize) => given with
    {
        Interpolation = PositionInterpolation.BicubicAntialias,
        ActivationOverride = options.AsReleased
            ? config => (imageSize ?? InputSettings.DefaultSize(config.Vision.PatchSize)) == config.Vision.ImageSize ? config.Activation : MlpActivation.Gelu
            : null,
    };

    public void Compose(ZeroShotDetectorBuilder builder)
    {
        _ = options.Layers is { } layers ? builder.WithTaps(layers) : builder.WithStages(4);
        builder
            .WithPromptTemplates(options.Templates)
            .UseImageToTextPrompt(new ImageToTextPromptOptions { Variant = ImageToTextVariant.Off })
            .UseSelfPrompt(new SelfPromptOptions { Variant = SelfPromptVariant.Off })
            .UseMultiPatch(new MultiPatchOptions { Projection = PatchProjection.Linear, Neighbourhood = 1, Seed = options.Seed })
            .UseMaskPrompt(new MaskPromptOptions { Variant = MaskPromptVariant.Off })
            .UseAnomalyMap(new AnomalyMapOptions { AlignCorners = true, Fusion = options.SumOfLayers ? StageFusion.Sum : StageFusion.Mean })
            .UseAnomalyScore(new AnomalyScoreOptions { Strategy = ScoreStrategy.Global });
    }
}
