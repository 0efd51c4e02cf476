using MfpClip.Backbones.Clip;
using MfpClip.Detection.Building;
using MfpClip.Kernels;
using MfpClip.Modules.ImageToText;
using MfpClip.Modules.Mask;
using MfpClip.Modules.MultiPatch;
using MfpClip.Modules.Scoring;
using MfpClip.Modules.Self;

namespace MfpClip.Methods.AprilGan;

/// <summary>
/// APRIL-GAN in the one pipeline: patch tokens of some layers, each through its own trained linear layer, are compared with an ensemble of
/// sentences; maps of the layers are added; the score is CLIP's own (arXiv 2305.17382, its zero-shot track). No prompt is learned.
/// </summary>
internal static class AprilGanPreset
{
    public const string Method = "APRIL-GAN (arXiv 2305.17382)";

    public static void Apply(Composition c, AprilGanOptions options)
    {
        c.OwnMethod = null;
        c.Method = Method;
        c.Objective = new AprilGanObjective(options.Recipe);
        c.Templates = options.Templates;
        (c.StageCount, c.Taps) = (options.Layers?.Count ?? 4, options.Layers is { } layers ? [.. layers] : null);
        c.ImageToText.Set(new ImageToTextPromptOptions { Variant = ImageToTextVariant.Off });
        c.Self.Set(new SelfPromptOptions { Variant = SelfPromptVariant.Off });
        c.Vision.Reset();
        c.MultiPatch.Set(new MultiPatchOptions { Projection = PatchProjection.Linear, Neighbourhood = 1, Seed = options.Seed });
        c.Mask.Set(new MaskPromptOptions { Variant = MaskPromptVariant.Off });
        c.Map.Set(new AnomalyMapOptions { AlignCorners = true, Fusion = options.SumOfLayers ? StageFusion.Sum : StageFusion.Mean });
        c.Score.Set(new AnomalyScoreOptions { Strategy = ScoreStrategy.Global });
        c.Interpolation = PositionInterpolation.BicubicAntialias;
        c.RunWith = options.AsReleased ? config => Activation(c, config) : null;
    }

    // The released loader builds OpenAI's model only at its own size; at any other it builds one whose configuration does not say QuickGELU.
    private static MlpActivation Activation(Composition c, ClipConfig config)
    {
        int size = c.Preprocessor?.Size ?? c.ImageSize ?? DetectorAssembly.DefaultSize(config.Vision.PatchSize);
        return size == config.Vision.ImageSize ? config.Activation : MlpActivation.Gelu;
    }
}
