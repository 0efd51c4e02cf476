using MfpClip.Detection.Building;
using MfpClip.Kernels;
using MfpClip.Modules.Mask;
using MfpClip.Modules.MultiPatch;
using MfpClip.Modules.Scoring;
using MfpClip.Modules.Self;

namespace MfpClip.Methods.AdaClip;

/// <summary>AdaCLIP as a composition of parts.</summary>
internal static class AdaClipComposition
{
    public static void Apply(Composition c, AdaClipOptions options)
    {
        c.OwnMethod = null;
        c.Method = "AdaCLIP (arXiv 2407.15795)";
        c.Objective = new AdaClipObjective(options.Recipe, options.DicePerRow);
        (c.Interpolation, c.RunWith) = (options.Interpolation, options.ExactGelu ? _ => MlpActivation.Gelu : null);
        (c.StageCount, c.Taps) = (options.Taps?.Count ?? options.StageCount, options.Taps);
        c.Templates = options.Templates;
        c.ImageToText.Set(d => new HybridTextPrompt(options, d), options.PromptFaults);
        c.Self.Set(new SelfPromptOptions { Variant = SelfPromptVariant.Off });
        c.Vision.Set(d => new HybridVisionEncoder(options, d), options.PromptFaults);
        c.MultiPatch.Set(new MultiPatchOptions { Neighbourhood = 1, Seed = options.Seed });
        c.Mask.Set(new MaskPromptOptions { Variant = MaskPromptVariant.Off });
        c.Map.Set(new AnomalyMapOptions
        {
            Tau = options.Tau, Fusion = StageFusion.MeanOfLogits, AlignCorners = true, SmoothingSigma = options.SmoothingSigma,
        });
        c.Score.Set(d => new SemanticFusionScorer(options, d), _ => options.ScoreFaults());
    }
}
