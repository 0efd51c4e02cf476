using MfpClip.Detection.Building;
using MfpClip.Modules.Mask;
using MfpClip.Modules.MultiPatch;
using MfpClip.Modules.Scoring;
using MfpClip.Modules.Self;

namespace MfpClip.Methods.AnomalyClip;

/// <summary>AnomalyCLIP as a composition of parts.</summary>
internal static class AnomalyClipComposition
{
    public static void Apply(Composition c, AnomalyClipOptions options)
    {
        c.OwnMethod = null;
        c.Method = "AnomalyCLIP (arXiv 2310.18961)";
        c.Objective = new AnomalyClipObjective(options.Recipe);
        (c.Interpolation, c.RunWith) = (options.Interpolation, null);
        (c.StageCount, c.Taps) = (options.Taps?.Count ?? options.StageCount, options.Taps);
        c.ImageToText.Set(d => new ObjectAgnosticPrompt(options, d), options.PromptFaults);
        c.Self.Set(new SelfPromptOptions { Variant = SelfPromptVariant.Off });
        c.Vision.Set(d => new DualPathVisionEncoder(options, d), options.VisionFaults);
        c.MultiPatch.Set(new MultiPatchOptions { Projection = PatchProjection.Clip, Neighbourhood = 1 });
        c.Mask.Set(new MaskPromptOptions { Variant = MaskPromptVariant.Off });
        c.Map.Set(d => new AnomalyMapGenerator(Map(options)), _ => [.. options.ScoreFaults(), .. Map(options).Faults()]);
        c.Score.Set(new AnomalyScoreOptions { Strategy = ScoreStrategy.Global, Tau = 1 / options.Temperature });
    }

    /// <summary>Probabilities of patches, resized to pixels (section 3.3; test.py).</summary>
    public static AnomalyMapOptions Map(AnomalyClipOptions options) => new()
    {
        Tau = 1 / options.Temperature, Upsampling = MapUpsampling.AfterSoftmax, Fusion = options.Fusion, SmoothingSigma = options.SmoothingSigma,
    };
}
