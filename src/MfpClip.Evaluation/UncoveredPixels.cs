using System.Globalization;

namespace MfpClip.Evaluation;

/// <summary>
/// Pixels of the test images that the detector did not inspect (outside of its region of interest, or cut off by its preprocessor): they are in no figure of
/// pixels. At the resolution at which maps and masks meet.
/// </summary>
public sealed record UncoveredPixels
{
    /// <summary>Uncovered pixels.</summary>
    public required long Pixels { get; init; }

    /// <summary>All pixels of the test images.</summary>
    public required long Total { get; init; }

    /// <summary>Uncovered pixels that a mask says are defect.</summary>
    public required long DefectPixels { get; init; }

    /// <summary>All defect pixels of the masks.</summary>
    public required long TotalDefectPixels { get; init; }

    /// <summary>Connected defects that lie entirely on uncovered pixels: no detector with this region can find them.</summary>
    public IReadOnlyList<UncoveredDefect> Defects { get; init; } = [];

    /// <summary>A sentence without a point at its end.</summary>
    public override string ToString()
    {
        const int Named = 5;
        string entirely = Defects.Count == 0 ? string.Empty : string.Create(CultureInfo.InvariantCulture,
            $"; {Defects.Count} {(Defects.Count == 1 ? "defect lies" : "defects lie")} entirely there ({string.Join(", ", Defects.Take(Named))}")
            + (Defects.Count > Named ? ", ...)" : ")");
        return string.Create(
            CultureInfo.InvariantCulture, $"{Pixels} of {Total} pixels ({100.0 * Pixels / Total:0.##} %) are not inspected and in no figure of pixels, ")
            + $"{DefectPixels} of {TotalDefectPixels} defect pixels among them{entirely}";
    }
}

/// <summary>A defect that lies entirely on pixels that are not inspected.</summary>
/// <param name="Image">Path of its image, from the category's folder on.</param>
/// <param name="Kind">Kind of defect.</param>
/// <param name="Area">Pixels of the mask.</param>
public sealed record UncoveredDefect(string Image, string Kind, int Area)
{
    /// <summary>One line, independent of the culture.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Image}: {Kind}, {Area} px");
}
