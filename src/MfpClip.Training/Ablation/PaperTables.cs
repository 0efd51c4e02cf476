using MfpClip.Modules.ImageToText;
using MfpClip.Modules.Mask;
using MfpClip.Modules.MultiPatch;
using MfpClip.Modules.Self;

namespace MfpClip.Training.Ablation;

/// <summary>
/// The ablations of MFP-CLIP (arXiv 2503.12910 v1) as compositions: modules on and off (table 2), N (table 3), prompted stages (table 4), map
/// with and without the mask prompt (figure 6). Numbers beside them are the paper's, on MVTec AD.
/// </summary>
public static class PaperTables
{
    /// <summary>The whole method, what every table starts from.</summary>
    public const string Full = "all modules";

    /// <summary>The line of figure 6 without the mask prompt.</summary>
    public const string WithoutMaskPrompt = "without MP";

    /// <summary>Table 2: each module switched off alone, and all of them.</summary>
    /// <param name="backbone">Backbone, CNN, image size: everything but the four modules, which are set here.</param>
    public static AblationTable Modules(Func<ZeroShotDetectorBuilder> backbone) => new("table2", "Table 2: modules on and off",
    [
        new(Full, seed => Composed(backbone, seed)) { Paper = new(92.2, 92.1, false, "I-AUC derived from the paper's text") },
        new("without I2TP", seed => Composed(backbone, seed).WithoutImageToTextPrompt()) { Paper = new(1.9, 1.8, true) },
        new("without SP", seed => Composed(backbone, seed).WithoutSelfPrompt()) { Paper = new(2.0, 2.1, true) },
        new("without MPFA (N = 1)", seed => Composed(backbone, seed, neighbourhood: 1)) { Paper = new(0.7, 1.0, true) },
        new(WithoutMaskPrompt, seed => Composed(backbone, seed).WithoutMaskPrompt()) { Paper = new(null, null, true, "P-AUC falls") },
        new("none of them", seed => Composed(backbone, seed, neighbourhood: 1).WithoutImageToTextPrompt().WithoutSelfPrompt().WithoutMaskPrompt()),
    ]);

    /// <summary>Table 3: N in 1, 3, 5.</summary>
    public static AblationTable Neighbourhoods(Func<ZeroShotDetectorBuilder> backbone) => new("table3", "Table 3: side N of the aggregation neighbourhood",
        [.. new[] { 3, 1, 5 }.Select(n => new AblationRow($"N = {n}", seed => Composed(backbone, seed, neighbourhood: n)))]);

    /// <summary>Table 4: self prompt in stage 1, 1-2, 1-3, 1-4.</summary>
    public static AblationTable Stages(Func<ZeroShotDetectorBuilder> backbone) => new("table4", "Table 4: stages with self prompt",
    [
        .. Enumerable.Range(1, 4).Select(last => new AblationRow(
            last == 1 ? "stage 1" : $"stages 1-{last}", seed => Composed(backbone, seed, stages: [.. Enumerable.Range(1, last)]))
        {
            Paper = last == 1 ? null : new(null, null, true, "no clear gain, more time"),
        }),
    ]);

    /// <summary>Figure 6: with and without the mask prompt; the study draws their maps next to each other.</summary>
    public static AblationTable MaskPrompt(Func<ZeroShotDetectorBuilder> backbone) => new("figure6", "Figure 6: with and without the mask prompt",
    [
        new("with MP", seed => Composed(backbone, seed)),
        new(WithoutMaskPrompt, seed => Composed(backbone, seed).WithoutMaskPrompt()) { Paper = new(null, null, true, "P-AUC falls") },
    ]);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<AblationTable> All(Func<ZeroShotDetectorBuilder> backbone) =>
        [Modules(backbone), Neighbourhoods(backbone), Stages(backbone), MaskPrompt(backbone)];

    private static ZeroShotDetectorBuilder Composed(
        Func<ZeroShotDetectorBuilder> backbone, long seed, int neighbourhood = 3, IReadOnlyList<int>? stages = null) => backbone()
        .UseImageToTextPrompt(new ImageToTextPromptOptions { Seed = seed })
        .UseSelfPrompt(new SelfPromptOptions { Seed = seed, Stages = [.. stages ?? [1]] })
        .UseMultiPatch(new MultiPatchOptions { Seed = seed, Neighbourhood = neighbourhood })
        .UseMaskPrompt(new MaskPromptOptions { Seed = seed });
}
