namespace MfpClip.Methods.PatchCore;

/// <summary>How the neighbourhoods of several stages become one vector a patch.</summary>
public enum PatchEmbeddingKind
{
    /// <summary>The authors': all values of a neighbourhood averaged to a width, then all stages to a width.</summary>
    AdaptivePooling,

    /// <summary>anomalib's: each channel averaged over the neighbourhood, zeros outside included, stages concatenated.</summary>
    AveragePooling,
}

/// <summary>How the stored patches are chosen.</summary>
public enum PatchCoreset
{
    /// <summary>Greedy from the mean distance to random starting points: linear in the number of patches.</summary>
    Approximate,

    /// <summary>Greedy from the distances to all patches.</summary>
    Exact,

    /// <summary>anomalib's: greedy from a random patch, in a sparse random projection whose width follows from the number of patches.</summary>
    KCenter,

    /// <summary>All patches are stored.</summary>
    None,
}

/// <summary>How the score of an image follows from the distances of its patches.</summary>
public enum PatchCoreImageScore
{
    /// <summary>The largest distance.</summary>
    Maximum,

    /// <summary>The largest distance, weighted by the distances to the stored patches about the nearest one (equation 7).</summary>
    Reweighted,
}
