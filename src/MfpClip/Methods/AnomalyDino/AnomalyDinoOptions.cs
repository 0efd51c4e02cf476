using System.ComponentModel.DataAnnotations;
using MfpClip.Diagnostics;
using MfpClip.References;

namespace MfpClip.Methods.AnomalyDino;

/// <summary>
/// Settings of AnomalyDINO (Damm et al., arXiv 2405.14529; dammsi/AnomalyDINO). Defaults are those of the paper; <see cref="AsReleased"/> has what the
/// published code does instead. Immutable.
/// </summary>
public sealed record AnomalyDinoOptions
{
    /// <summary>As the paper describes it: the foreground mask is dilated and closed on the grid of patches.</summary>
    public static AnomalyDinoOptions AsPublished { get; } = new();

    /// <summary>As the published code computes it: the mask is dilated and closed along the raster line, from the end of a row into the next.</summary>
    public static AnomalyDinoOptions AsReleased { get; } = new() { MaskMorphology = MaskMorphology.Raster };

    /// <summary>Shorter side of the image that the network sees, in pixels; both sides are then cut to multiples of the patch.</summary>
    /// <value>Default 448; the batched zero-shot figures use 672.</value>
    [Range(14, 4096)]
    public int ShorterSide { get; init; } = 448;

    /// <summary>Angles by which every reference image is rotated before its patches are stored, in degrees, counter-clockwise; 0 is the image itself.</summary>
    /// <value>Default 0, 45, ..., 315.</value>
    public IReadOnlyList<double> Rotations { get; init; } = [0, 45, 90, 135, 180, 225, 270, 315];

    /// <summary>Whether patches outside the object get distance 0 in tested images. For objects before a plain background, not for textures.</summary>
    /// <value>Default <see langword="false"/>.</value>
    public bool Masking { get; init; }

    /// <summary>Whether patches outside the object are left out of the references too. Only with <see cref="Masking"/>.</summary>
    /// <value>Default <see langword="false"/>, as in paper and code.</value>
    public bool MaskReferences { get; init; }

    /// <summary>Score of the first principal component above which a patch belongs to the object.</summary>
    /// <value>Default 10.</value>
    [Range(0, 1e6)]
    public double MaskThreshold { get; init; } = 10;

    /// <summary>Where the mask is dilated and closed.</summary>
    /// <value>Default <see cref="MaskMorphology.Grid"/>; the code does <see cref="MaskMorphology.Raster"/>.</value>
    public MaskMorphology MaskMorphology { get; init; } = MaskMorphology.Grid;

    /// <summary>How patches are compared.</summary>
    /// <value>Default <see cref="NeighbourDistance.Cosine"/>.</value>
    public NeighbourDistance Distance { get; init; } = NeighbourDistance.Cosine;

    /// <summary>Nearest stored patches that the distance is the mean of.</summary>
    /// <value>Default 1.</value>
    [Range(1, 1024)]
    public int Neighbours { get; init; } = 1;

    /// <summary>Fraction of all patches of an image, masked ones included, whose mean distance is its score; too few for one: the largest.</summary>
    /// <value>Default 0.01.</value>
    [Range(0.0, 1.0)]
    public double TopFraction { get; init; } = 0.01;

    /// <summary>Width of the Gaussian over the map, in pixels of the original image; 0 switches it off.</summary>
    /// <value>Default 4.</value>
    [Range(0.0, 100.0)]
    public double SmoothingSigma { get; init; } = 4;

    /// <summary>Without references: the fraction of the other images' patches that a patch is compared with, the nearest ones.</summary>
    /// <value>Default 0.001.</value>
    [Range(0.0, 1.0)]
    public double BatchFraction { get; init; } = 0.001;

    /// <summary>Every fault of these settings.</summary>
    internal IEnumerable<string> Faults()
    {
        foreach (string fault in OptionRanges.Faults(this, "AnomalyDINO"))
        {
            yield return fault;
        }

        if (Rotations.Count == 0 || Rotations.Any(a => !double.IsFinite(a)) || Rotations.Distinct().Count() != Rotations.Count)
        {
            string angles = string.Join(", ", Rotations.Select(r => FormattableString.Invariant($"{r}")));
            yield return $"AnomalyDINO: {nameof(Rotations)} are {angles}; at least one angle is needed, each finite and only once."
                + " Give 0 alone for no rotation.";
        }

        if (MaskReferences && !Masking)
        {
            yield return $"AnomalyDINO: {nameof(MaskReferences)} needs {nameof(Masking)}, else the background of tested images has nothing to compare with.";
        }

        if (!Enum.IsDefined(MaskMorphology))
        {
            yield return $"AnomalyDINO: unknown mask morphology {(int)MaskMorphology}; choose {string.Join(", ", Enum.GetNames<MaskMorphology>())}.";
        }

        if (!Enum.IsDefined(Distance))
        {
            yield return $"AnomalyDINO: unknown distance {(int)Distance}; choose {string.Join(", ", Enum.GetNames<NeighbourDistance>())}.";
        }
    }
}

/// <summary>Where a foreground mask is dilated and closed.</summary>
public enum MaskMorphology
{
    /// <summary>On the grid of patches, with 3 x 3 neighbours.</summary>
    Grid,

    /// <summary>On the row of all patches, line after line, with the patch before and the one after.</summary>
    Raster,
}
