using System.ComponentModel.DataAnnotations;
using MfpClip.Backbones;
using MfpClip.Backbones.Clip;
using MfpClip.Diagnostics;
using MfpClip.Modules;
using MfpClip.Objectives;
using MfpClip.Text;

namespace MfpClip.Methods.AdaClip;

/// <summary>Ways of fusing the patches that look abnormal into the image's feature.</summary>
public enum SemanticFusion
{
    /// <summary>The k-means runs over the most abnormal patches, and the means of all clusters are averaged: as the authors' code.</summary>
    MostAbnormalPatches,

    /// <summary>The k-means runs over all patches, and the mean of the cluster that looks most abnormal counts: as the paper tells it.</summary>
    MostAbnormalCluster,

    /// <summary>The class token alone.</summary>
    Off,
}

/// <summary>
/// Settings of AdaCLIP (Cao, Zhang, Frittoli, Cheng, Shen, Boracchi, "AdaCLIP: Adapting CLIP with Hybrid Learnable Prompts for Zero-Shot
/// Anomaly Detection", arXiv 2407.15795). The defaults are the hyper-parameters of the authors' code (caoyunkang/AdaCLIP, commit e27ee32). Immutable.
/// </summary>
public sealed record AdaClipOptions
{
    /// <summary>As the authors' code at that commit runs: exact GELU whatever the weights were trained with, prompts rounded to float16. The default.</summary>
    public static AdaClipOptions AsReleased { get; } = new();

    /// <summary>Without what the paper does not tell of: the backbone's own activation, no rounding, and the paper's form of the fusion.</summary>
    public static AdaClipOptions AsPublished { get; } = new()
    {
        ExactGelu = false, RoundPrompts = false, Fusion = SemanticFusion.MostAbnormalCluster, DicePerRow = false,
    };

    /// <summary>Prompt tokens of a block in both towers.</summary>
    /// <value>Default 5.</value>
    [Range(1, 64)]
    public int PromptLength { get; init; } = 5;

    /// <summary>First blocks of both towers that take prompts; a shallower tower takes them in all its blocks.</summary>
    /// <value>Default 4.</value>
    [Range(1, 512)]
    public int PromptDepth { get; init; } = 4;

    /// <summary>Whether prompts hold a learned part that is the same for every image.</summary>
    /// <value>Default true.</value>
    public bool StaticPrompts { get; init; } = true;

    /// <summary>Whether prompts hold a part that is projected from the image's plain CLIP embedding.</summary>
    /// <value>Default true.</value>
    public bool DynamicPrompts { get; init; } = true;

    /// <summary>Whether prompts pass through float16, as in the authors' code on every device.</summary>
    /// <value>Default true.</value>
    public bool RoundPrompts { get; init; } = true;

    /// <summary>Whether a backbone that the detector loads runs with exact GELU whatever it was trained with, as in the authors' code.</summary>
    /// <value>Default true.</value>
    public bool ExactGelu { get; init; } = true;

    /// <summary>Equal stages of the vision tower that are read: 4 are the blocks 6, 12, 18, 24 of ViT-L.</summary>
    /// <value>Default 4.</value>
    [Range(1, 512)]
    public int StageCount { get; init; } = 4;

    /// <summary>Blocks that are read, rising, 1-based (the code's <c>features_list</c>).</summary>
    /// <value>Default <see langword="null"/>: <see cref="StageCount"/> equal stages.</value>
    public IReadOnlyList<int>? Taps { get; init; }

    /// <summary>How abnormal patches join the image's feature.</summary>
    /// <value>Default <see cref="SemanticFusion.MostAbnormalPatches"/>.</value>
    public SemanticFusion Fusion { get; init; } = SemanticFusion.MostAbnormalPatches;

    /// <summary>Clusters k of the fusion; 5 k patches are clustered.</summary>
    /// <value>Default 20.</value>
    [Range(1, 10000)]
    public int Clusters { get; init; } = 20;

    /// <summary>Weight of the clusters' mean in the fused feature; the class token has the rest.</summary>
    /// <value>Default 0.2.</value>
    [Range(0, 1)]
    public double FusionWeight { get; init; } = 0.2;

    /// <summary>Scale of the cosine similarity.</summary>
    /// <value>Default 100.</value>
    [Range(1e-3, 1e4)]
    public double Tau { get; init; } = 100;

    /// <summary>Width in pixels of the Gaussian that smooths the map; 0: none.</summary>
    /// <value>Default 4.</value>
    [Range(0, 100)]
    public double SmoothingSigma { get; init; } = 4;

    /// <summary>How the position table is resized, where the detector loads the backbone.</summary>
    /// <value>Default <see cref="PositionInterpolation.Bicubic"/>.</value>
    public PositionInterpolation Interpolation { get; init; } = PositionInterpolation.Bicubic;

    /// <summary>Sentences of both states.</summary>
    /// <value>Default: the authors' 4 templates, 7 normal and 5 abnormal states.</value>
    public PromptTemplates Templates { get; init; } = AuthorsTemplates;

    /// <summary>Whether the Dice loss counts each row of pixels as an image, as the authors' code does.</summary>
    /// <value>Default true.</value>
    public bool DicePerRow { get; init; } = true;

    /// <summary>How it is trained.</summary>
    /// <value>Default: the authors' (AdamW, 0.01, betas 0.5 and 0.999, weight decay 0.01, 5 epochs, batch 1, seed 111; a mosaic of 0.2 belongs to MVTec AD
    /// only).</value>
    public TrainingRecipe Recipe { get; init; } = AdaClipObjective.Authors;

    /// <summary>Seed of the initialization and of the fusion's k-means: the same image gives the same score.</summary>
    /// <value>Default 0.</value>
    public long Seed { get; init; }

    /// <summary>The authors' sentences (method/adaclip.py): states in the outer loop, "-" of a class name becomes a space.</summary>
    public static PromptTemplates AuthorsTemplates => new()
    {
        HyphensAsSpaces = true,
        Templates = ["a bad photo of a [state].", "a low resolution photo of the [state].", "a bad photo of the [state].", "a cropped photo of the [state]."],
        NormalStates =
        [
            "[object]", "flawless [object]", "perfect [object]", "unblemished [object]", "[object] without flaw", "[object] without defect",
            "[object] without damage",
        ],
        AbnormalStates = ["damaged [object]", "broken [object]", "[object] with flaw", "[object] with defect", "[object] with damage"],
    };

    /// <summary>Faults of the prompts' settings.</summary>
    internal IEnumerable<string> PromptFaults(ModuleDimensions dimensions)
    {
        foreach (string fault in OptionRanges.Faults(this, "AdaCLIP", nameof(PromptLength), nameof(PromptDepth)))
        {
            yield return fault;
        }

        if (PromptLength > dimensions.ContextLength - 8)
        {
            yield return $"AdaCLIP: {nameof(PromptLength)} is {PromptLength}; it must be at most {dimensions.ContextLength - 8}.";
        }

        if (!StaticPrompts && !DynamicPrompts)
        {
            yield return $"AdaCLIP: {nameof(StaticPrompts)} and {nameof(DynamicPrompts)} are both off; leave one on, or take its prompts "
                + $"out of the composition.";
        }
    }

    /// <summary>Faults of the score's settings.</summary>
    internal IEnumerable<string> ScoreFaults()
    {
        foreach (string fault in OptionRanges.Faults(
            this, "AdaCLIP", nameof(Clusters), nameof(FusionWeight), nameof(Tau), nameof(SmoothingSigma), nameof(StageCount)))
        {
            yield return fault;
        }

        if (!Enum.IsDefined(Fusion))
        {
            yield return $"AdaCLIP: unknown fusion {(int)Fusion}; choose {string.Join(", ", Enum.GetNames<SemanticFusion>())}.";
        }

    }
}
