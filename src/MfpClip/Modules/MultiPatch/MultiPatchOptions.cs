using System.ComponentModel.DataAnnotations;
using MfpClip.Diagnostics;

namespace MfpClip.Modules.MultiPatch;

/// <summary>How patch tokens get into the joint space.</summary>
public enum PatchProjection
{
    /// <summary>A trained linear layer for each stage (given by the paper). The default.</summary>
    Linear,

    /// <summary>CLIP's own <c>ln_post</c> and projection: nothing to train.</summary>
    Clip,
}

/// <summary>Settings of multi-patch feature aggregation, MPFA. Immutable.</summary>
public sealed record MultiPatchOptions
{
    /// <summary>How patch tokens get into the joint space.</summary>
    /// <value>Default <see cref="PatchProjection.Linear"/>.</value>
    public PatchProjection Projection { get; init; } = PatchProjection.Linear;

    /// <summary>Side N of the neighbourhood over which patches are averaged, odd; 1 leaves them as they are (MPFA off).</summary>
    /// <value>Default 3 patches (the paper's text says 3 in one place and 5 in another, and ablates 1, 3 and 5).</value>
    [Range(1, 99)]
    public int Neighbourhood { get; init; } = 3;

    /// <summary>Seed of the initialization.</summary>
    /// <value>Default 0.</value>
    public long Seed { get; init; }

    /// <summary>Every fault of these settings.</summary>
    internal IEnumerable<string> Faults()
    {
        foreach (string fault in OptionRanges.Faults(this, "MPFA"))
        {
            yield return fault;
        }

        if (!Enum.IsDefined(Projection))
        {
            yield return $"MPFA: unknown projection {(int)Projection}; choose {string.Join(", ", Enum.GetNames<PatchProjection>())}.";
        }

        if (Neighbourhood % 2 == 0)
        {
            yield return $"MPFA: {nameof(Neighbourhood)} is {Neighbourhood}; it must be odd, so that a patch lies in the middle.";
        }
    }
}
