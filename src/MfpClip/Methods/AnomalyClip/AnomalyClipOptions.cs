using System.ComponentModel.DataAnnotations;
using MfpClip.Backbones;
using MfpClip.Backbones.Clip;
using MfpClip.Diagnostics;
using MfpClip.Modules;
using MfpClip.Modules.Scoring;
using MfpClip.Objectives;

namespace MfpClip.Methods.AnomalyClip;

/// <summary>
/// Settings of AnomalyCLIP (Zhou, Pang, Tian, He, Chen, "AnomalyCLIP: Object-agnostic Prompt Learning for Zero-shot Anomaly Detection",
/// arXiv 2310.18961). The defaults are the hyper-parameters of the authors' code (zqhang/AnomalyCLIP, commit 45ed4dd). Immutable.
/// </summary>
public sealed record AnomalyClipOptions
{
    /// <summary>
    /// As the authors' code at that commit runs with its own scripts (train.sh, test.sh): the last block only, deep prompts rounded to
    /// float16, the class token without <c>ln_post</c>, the sum of the stages as map.
    /// </summary>
    public static AnomalyClipOptions AsReleased { get; } = new() { StageCount = 1, Fusion = StageFusion.Sum };

    /// <summary>
    /// Without what the paper does not tell of: four stages (the code's command line default, too), no rounding, the class token after
    /// <c>ln_post</c> as CLIP reads it.
    /// </summary>
    public static AnomalyClipOptions AsPublished { get; } = new() { Fusion = StageFusion.Sum, RoundDeepPrompts = false, NormalizeClassToken = true };

    /// <summary>Words that follow the learned context of the normal prompt. No class name: the prompts are object-agnostic.</summary>
    /// <value>Default "object."</value>
    public string NormalPrompt { get; init; } = "object.";

    /// <summary>Words that follow the learned context of the abnormal prompt.</summary>
    /// <value>Default "damaged object."</value>
    public string AbnormalPrompt { get; init; } = "damaged object.";

    /// <summary>Learned vectors before the words of each prompt, <c>n_ctx</c>.</summary>
    /// <value>Default 12.</value>
    [Range(1, 64)]
    public int ContextTokens { get; init; } = 12;

    /// <summary>Learned vectors that take the place of the first positions inside the text tower, <c>t_n_ctx</c>.</summary>
    /// <value>Default 4.</value>
    [Range(1, 64)]
    public int DeepTokens { get; init; } = 4;

    /// <summary>
    /// Text blocks that see learned vectors: block 1 the context, each later one its own deep vectors; a shallower tower takes as many as it has blocks.
    /// </summary>
    /// <value>Default 9.</value>
    [Range(1, 512)]
    public int DeepDepth { get; init; } = 9;

    /// <summary>Whether deep vectors pass through float16, as in the authors' code on every device.</summary>
    /// <value>Default true.</value>
    public bool RoundDeepPrompts { get; init; } = true;

    /// <summary>Last blocks of the vision tower with a second, v-v path (DPAM; the code's <c>DPAM_layer</c> minus 1).</summary>
    /// <value>Default <see langword="null"/>: 19 of 24 blocks, the same fraction of other towers.</value>
    [Range(0, 512)]
    public int? DualPathBlocks { get; init; }

    /// <summary>Equal stages of the vision tower that are read: 4 are the blocks 6, 12, 18, 24 of ViT-L.</summary>
    /// <value>Default 4.</value>
    [Range(1, 512)]
    public int StageCount { get; init; } = 4;

    /// <summary>Blocks that are read, rising, 1-based (the code's <c>features_list</c>).</summary>
    /// <value>Default <see langword="null"/>: <see cref="StageCount"/> equal stages.</value>
    public IReadOnlyList<int>? Taps { get; init; }

    /// <summary>Whether the class token passes <c>ln_post</c> before the projection.</summary>
    /// <value>Default false, as in the authors' code.</value>
    public bool NormalizeClassToken { get; init; }

    /// <summary>Whether every stage on the second path gives the tokens of the last block: the fault of the authors' code before 13 April 2025.</summary>
    /// <value>Default false.</value>
    public bool RepeatLastFeatures { get; init; }

    /// <summary>How stages become one map.</summary>
    /// <value>
    /// Default <see cref="StageFusion.Mean"/>, so that the map stays in [0,1]; the authors' <see cref="StageFusion.Sum"/> is the same map times the
    /// number of stages and ranks pixels the same.
    /// </value>
    public StageFusion Fusion { get; init; } = StageFusion.Mean;

    /// <summary>Temperature of the softmax over both states.</summary>
    /// <value>Default 0.07.</value>
    [Range(1e-4, 1e3)]
    public double Temperature { get; init; } = 0.07;

    /// <summary>Width in pixels of the Gaussian that smooths the map; 0: none.</summary>
    /// <value>Default 4.</value>
    [Range(0, 100)]
    public double SmoothingSigma { get; init; } = 4;

    /// <summary>How the position table is resized, where the detector loads the backbone.</summary>
    /// <value>Default <see cref="PositionInterpolation.Bilinear"/>.</value>
    public PositionInterpolation Interpolation { get; init; } = PositionInterpolation.Bilinear;

    /// <summary>How it is trained.</summary>
    /// <value>Default: the authors' (Adam, 1e-3, betas 0.5 and 0.999, 15 epochs, batch 8, seed 111).</value>
    public TrainingRecipe Recipe { get; init; } = AnomalyClipObjective.Authors;

    /// <summary>Seed of the initialization.</summary>
    /// <value>Default 0.</value>
    public long Seed { get; init; }

    /// <summary>Faults of the prompts' settings.</summary>
    internal IEnumerable<string> PromptFaults(ModuleDimensions dimensions)
    {
        foreach (string fault in OptionRanges.Faults(this, "AnomalyCLIP", nameof(ContextTokens), nameof(DeepTokens), nameof(DeepDepth)))
        {
            yield return fault;
        }

        if (ContextTokens > dimensions.ContextLength - 8)
        {
            yield return $"AnomalyCLIP: {nameof(ContextTokens)} is {ContextTokens}; it must be at most {dimensions.ContextLength - 8}, so that "
                + $"the words have room.";
        }

        if (DeepTokens > dimensions.ContextLength - 8)
        {
            yield return $"AnomalyCLIP: {nameof(DeepTokens)} is {DeepTokens}; it must be at most {dimensions.ContextLength - 8}.";
        }

        if (string.IsNullOrWhiteSpace(NormalPrompt) || string.IsNullOrWhiteSpace(AbnormalPrompt))
        {
            yield return $"AnomalyCLIP: {nameof(NormalPrompt)} and {nameof(AbnormalPrompt)} must hold words.";
        }
    }

    /// <summary>Faults of the vision encoder's settings.</summary>
    internal IEnumerable<string> VisionFaults(ModuleDimensions dimensions)
    {
        foreach (string fault in OptionRanges.Faults(this, "AnomalyCLIP", nameof(DualPathBlocks)))
        {
            yield return fault;
        }

        if (DualPathBlocks is { } blocks && blocks > dimensions.VisionLayers)
        {
            yield return $"AnomalyCLIP: {nameof(DualPathBlocks)} is {blocks}; the vision tower has {dimensions.VisionLayers} blocks.";
        }
    }

    /// <summary>Faults of the map's and the score's settings.</summary>
    internal IEnumerable<string> ScoreFaults() =>
        OptionRanges.Faults(this, "AnomalyCLIP", nameof(Temperature), nameof(SmoothingSigma), nameof(StageCount));
}
