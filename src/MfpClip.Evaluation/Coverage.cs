using MfpClip.Data;
using MfpClip.Evaluation.Decisions;
using MfpClip.Evaluation.Metrics;

namespace MfpClip.Evaluation;

/// <summary>Counts the pixels that a detector did not inspect, and the defects among them.</summary>
internal sealed class Coverage
{
    private readonly List<UncoveredDefect> _defects = [];
    private long _pixels, _total, _defectPixels, _totalDefectPixels;

    /// <summary>Whether masks have defect pixels and none of them is inspected.</summary>
    public bool MissesEveryDefect => _totalDefectPixels > 0 && _defectPixels == _totalDefectPixels;

    /// <summary>What was counted; <see langword="null"/>: every pixel is inspected.</summary>
    public UncoveredPixels? Sum => _pixels == 0 ? null : new()
    {
        Pixels = _pixels, Total = _total, DefectPixels = _defectPixels, TotalDefectPixels = _totalDefectPixels, Defects = _defects,
    };

    /// <summary>The inspected pixels at another size: those in whose middle the region is.</summary>
    /// <returns>A value a pixel; <see langword="null"/>: all.</returns>
    public static bool[]? Inside(RegionOfInterest? region, int width, int height)
    {
        if (region is null)
        {
            return null;
        }

        var inside = new bool[width * height];
        for (int y = 0, i = 0; y < height; y++)
        {
            int row = Middle(y, height, region.Height) * region.Width;
            for (int x = 0; x < width; x++, i++)
            {
                inside[i] = region.Inside[row + Middle(x, width, region.Width)];
            }
        }

        return inside;
    }

    /// <summary>Takes an image.</summary>
    /// <param name="outcome">The image.</param>
    /// <param name="pixels">Its pixels.</param>
    /// <param name="mask">Its mask of that size; <see langword="null"/>: not known.</param>
    /// <param name="inside">The inspected pixels; <see langword="null"/>: all.</param>
    public void Add(ImageOutcome outcome, int pixels, AnomalyMask? mask, bool[]? inside)
    {
        (_total, _pixels) = (_total + pixels, _pixels + (inside?.LongCount(i => !i) ?? 0));
        if (mask is null || outcome.Defect is not { } kind)
        {
            return;
        }

        _totalDefectPixels += mask.Data.LongCount(v => v);
        if (inside is null)
        {
            return;
        }

        var (labels, areas) = MaskRegions.Label(mask.Values, mask.Width);
        int[] seen = new int[areas.Count];
        for (int i = 0; i < labels.Length; i++)
        {
            if (labels[i] is > 0 and var label)
            {
                seen[label - 1] += inside[i] ? 1 : 0;
                _defectPixels += inside[i] ? 0 : 1;
            }
        }

        _defects.AddRange(areas.Where((_, r) => seen[r] == 0).Select(a => new UncoveredDefect(outcome.Image, kind, a)));
    }

    private static int Middle(int index, int length, int other) => (int)(((2L * index) + 1) * other / (2L * length));
}
