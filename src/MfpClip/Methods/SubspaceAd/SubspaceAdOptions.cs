using System.ComponentModel.DataAnnotations;
using MfpClip.Diagnostics;
using MfpClip.References;

namespace MfpClip.Methods.SubspaceAd;

/// <summary>
/// Settings of SubspaceAD (CLendering/SubspaceAD): the residual of tokens outside the principal components of normal ones. Defaults are those of its
/// scripts; <see cref="AsReleased"/> draws rotations as the published code does. Immutable.
/// </summary>
public sealed record SubspaceAdOptions
{
    /// <summary>As described: mean and covariance of the same rotated references.</summary>
    public static SubspaceAdOptions AsPublished { get; } = new();

    /// <summary>As the published code computes it: new rotations are drawn between the pass for the mean and the pass for the covariance.</summary>
    public static SubspaceAdOptions AsReleased { get; } = new() { RotationDraw = RotationDraw.EachPass };

    /// <summary>Side of the square that images are resized to, in pixels.</summary>
    /// <value>Default 672.</value>
    [Range(14, 4096)]
    public int ImageSize { get; init; } = 672;

    /// <summary>Fraction of the resized image whose middle is kept; 1 keeps all of it, 0.875 is the code's <c>--docrop</c>.</summary>
    /// <value>Default 1.</value>
    [Range(0.1, 1.0)]
    public double CenterCrop { get; init; } = 1;

    /// <summary>Blocks whose outputs are averaged, counted from the last: 1 is the last block.</summary>
    /// <value>Default 12 to 18: blocks 23 to 29 of the 40 of DINOv2 g.</value>
    public IReadOnlyList<int> LayersFromLast { get; init; } = [12, 13, 14, 15, 16, 17, 18];

    /// <summary>Fraction of the variance that the subspace explains.</summary>
    /// <value>Default 0.99.</value>
    [Range(1e-6, 1.0)]
    public double ExplainedVariance { get; init; } = 0.99;

    /// <summary>Rotated copies of every reference image that the subspace is fitted on too; their corners are black.</summary>
    /// <value>Default 30; 0 for none, as the authors have it for parts that must lie in one way.</value>
    [Range(0, 1000)]
    public int RotatedCopies { get; init; } = 30;

    /// <summary>Largest angle of a rotated copy in degrees; angles are uniform from 0.</summary>
    /// <value>Default 345.</value>
    [Range(0.0, 360.0)]
    public double LargestRotation { get; init; } = 345;

    /// <summary>When rotations are drawn.</summary>
    /// <value>Default <see cref="RotationDraw.Once"/>; the code does <see cref="RotationDraw.EachPass"/>.</value>
    public RotationDraw RotationDraw { get; init; } = RotationDraw.Once;

    /// <summary>Seed of the rotations.</summary>
    /// <value>Default 0. The authors' code draws from PyTorch's generator, whose numbers these are not.</value>
    public long Seed { get; init; }

    /// <summary>How far a token lies from the subspace.</summary>
    /// <value>Default <see cref="SubspaceResidual.Reconstruction"/>.</value>
    public SubspaceResidual Residual { get; init; } = SubspaceResidual.Reconstruction;

    /// <summary>First components that the reconstruction does without.</summary>
    /// <value>Default 0.</value>
    [Range(0, 4096)]
    public int DroppedComponents { get; init; }

    /// <summary>Fraction of the map's pixels whose mean is the image's score; at least one pixel.</summary>
    /// <value>Default 0.01.</value>
    [Range(0.0, 1.0)]
    public double TopFraction { get; init; } = 0.01;

    /// <summary>Width of the Gaussian over the map, in pixels; 0 switches it off.</summary>
    /// <value>Default 4.</value>
    [Range(0.0, 100.0)]
    public double SmoothingSigma { get; init; } = 4;

    /// <summary>Side of the Gaussian's kernel in pixels, odd.</summary>
    /// <value>Default 3, as in the code: with a sigma of 4 this is almost the mean of 3 x 3 pixels.</value>
    [Range(1, 513)]
    public int SmoothingKernel { get; init; } = 3;

    /// <summary>Every fault of these settings.</summary>
    internal IEnumerable<string> Faults()
    {
        foreach (string fault in OptionRanges.Faults(this, "SubspaceAD"))
        {
            yield return fault;
        }

        if (LayersFromLast.Count == 0 || LayersFromLast.Any(l => l < 1) || LayersFromLast.Distinct().Count() != LayersFromLast.Count)
        {
            yield return $"SubspaceAD: {nameof(LayersFromLast)} are {string.Join(", ", LayersFromLast)}; at least one is needed, "
                + "each at least 1 and only once.";
        }

        if (SmoothingKernel % 2 == 0)
        {
            yield return $"SubspaceAD: {nameof(SmoothingKernel)} is {SmoothingKernel}; it must be odd.";
        }

        if (!Enum.IsDefined(Residual))
        {
            yield return $"SubspaceAD: unknown residual {(int)Residual}; choose {string.Join(", ", Enum.GetNames<SubspaceResidual>())}.";
        }

        if (!Enum.IsDefined(RotationDraw))
        {
            yield return $"SubspaceAD: unknown draw of rotations {(int)RotationDraw}; choose {string.Join(", ", Enum.GetNames<RotationDraw>())}.";
        }
    }
}

/// <summary>When the rotations of reference images are drawn.</summary>
public enum RotationDraw
{
    /// <summary>Once: mean and covariance are those of the same images.</summary>
    Once,

    /// <summary>For the mean, and new ones for the covariance.</summary>
    EachPass,
}
