using MfpClip.Data;
using MfpClip.Evaluation.Metrics;

namespace MfpClip.Evaluation.Decisions;

/// <summary>One connected defect (8 neighbours) of a mask, and how high the map is there.</summary>
/// <param name="Image">Path of its image, from the category's folder on.</param>
/// <param name="Kind">Kind of defect.</param>
/// <param name="Area">Pixels of the mask that the detector inspects; a defect without such a pixel is in <see cref="UncoveredPixels.Defects"/>.</param>
/// <param name="Level">
/// Highest pixel threshold at which the defect is found, that is, at which <see cref="FoundFraction"/> of its pixels are at or above it.
/// </param>
public sealed record DefectOutcome(string Image, string Kind, int Area, float Level)
{
    /// <summary>Fraction of a defect's pixels, and at least one pixel, that must be at or above the pixel threshold for it to count as found.</summary>
    public const double FoundFraction = 0.1;

    /// <summary>Whether the defect is found at a pixel threshold.</summary>
    /// <param name="pixelThreshold">Map value.</param>
    public bool IsFoundAt(double pixelThreshold) => Level >= pixelThreshold;

    /// <summary>The defects of a mask, of those with a pixel inside.</summary>
    internal static IEnumerable<DefectOutcome> Of(string image, string kind, AnomalyMask mask, AnomalyMap map, bool[]? inside = null)
    {
        var (labels, areas) = MaskRegions.Inside(mask.Values, mask.Width, inside);
        float[][] values = [.. areas.Select(a => new float[a])];
        int[] filled = new int[areas.Count];
        for (int i = 0; i < labels.Length; i++)
        {
            if (labels[i] is > 0 and var label)
            {
                values[label - 1][filled[label - 1]++] = map.Data[i];
            }
        }

        foreach (float[] region in values)
        {
            Array.Sort(region);
            yield return new(image, kind, region.Length, region[^Math.Max(1, (int)Math.Ceiling(FoundFraction * region.Length))]);
        }
    }
}
