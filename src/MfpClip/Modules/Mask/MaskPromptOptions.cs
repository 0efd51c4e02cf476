using System.ComponentModel.DataAnnotations;
using MfpClip.Diagnostics;

namespace MfpClip.Modules.Mask;

/// <summary>Ways of feeding the coarse map back.</summary>
public enum MaskPromptVariant
{
    /// <summary>A small trained encoder adds a refined copy of mask and features to the features. The default (reconstructed).</summary>
    Learned,

    /// <summary>Without parameters: the text embeddings move towards the mean features inside and outside the mask (reconstructed).</summary>
    Prototype,

    /// <summary>The coarse map is the final map: the ablation's "without MP".</summary>
    Off,
}

/// <summary>Settings of the mask prompt, MP. Immutable.</summary>
public sealed record MaskPromptOptions
{
    /// <summary>How the coarse map is fed back.</summary>
    /// <value>Default <see cref="MaskPromptVariant.Learned"/>.</value>
    public MaskPromptVariant Variant { get; init; } = MaskPromptVariant.Learned;

    /// <summary>Weight beta of the prototypes in <see cref="MaskPromptVariant.Prototype"/>.</summary>
    /// <value>Default 0.5 (reconstructed).</value>
    [Range(0, 100)]
    public double Beta { get; init; } = 0.5;

    /// <summary>Whether gradients stop at the coarse map.</summary>
    /// <value>Default true (reconstructed).</value>
    public bool DetachMask { get; init; } = true;

    /// <summary>Seed of the initialization.</summary>
    /// <value>Default 0.</value>
    public long Seed { get; init; }

    /// <summary>Every fault of these settings for a model of that size.</summary>
    internal IEnumerable<string> Faults(ModuleDimensions dimensions)
    {
        foreach (string fault in OptionRanges.Faults(this, "MP"))
        {
            yield return fault;
        }

        if (!Enum.IsDefined(Variant))
        {
            yield return $"MP: unknown variant {(int)Variant}; choose {string.Join(", ", Enum.GetNames<MaskPromptVariant>())}.";
        }

        if (Variant == MaskPromptVariant.Learned && dimensions.EmbedDim < 4)
        {
            yield return $"MP: the mask encoder needs a joint space of at least 4 dimensions, this one has {dimensions.EmbedDim}.";
        }
    }
}
