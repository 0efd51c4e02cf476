using MfpClip.Data;

namespace MfpClip.Evaluation.Metrics;

/// <summary>How <see cref="DefectRecallAccumulator"/> counts.</summary>
public sealed record DefectRecallOptions
{
    /// <summary>False regions a picture, on average, that the threshold may give; above 0.</summary>
    /// <value>Default 1.</value>
    public double FalseRegions { get; init; } = 1;

    /// <summary>
    /// Fraction of the picture that a region may take; one that is larger tells nobody where to look: it finds nothing, and counts as as many false regions
    /// as cover it. Above 0, to 1.
    /// </summary>
    /// <value>Default 0.02.</value>
    public double LargestRegion { get; init; } = 0.02;

    /// <summary>Sizes in pixels to count by; a defect belongs to the one nearest in ratio.</summary>
    public IReadOnlyList<int> Sizes { get; init; } = [4, 8, 16, 32, 64];

    internal void Check()
    {
        if (!(FalseRegions > 0 && double.IsFinite(FalseRegions)) || !(LargestRegion is > 0 and <= 1) || Sizes.Count == 0 || Sizes.Any(s => s < 1))
        {
            throw new ArgumentException(FormattableString.Invariant(
                $"{FalseRegions} false regions a picture, regions of {LargestRegion} of it, {Sizes.Count} sizes: all must be above 0, at most 1 of it."));
        }
    }
}

/// <summary>Which defects regions of a map find, by size, at one threshold for all pictures.</summary>
public sealed record DefectRecall
{
    /// <summary>The threshold; <see langword="null"/>: there is no picture.</summary>
    public float? Threshold { get; init; }

    /// <summary>False regions a picture at the threshold, on average.</summary>
    public double FalseRegions { get; init; }

    /// <summary>Found and all defects of each size, ascending; sizes without defects are left out.</summary>
    public required IReadOnlyList<SizeRecall> Sizes { get; init; }

    /// <summary>Recall of all defects (y) at 1/8, 1/4, 1/2, 1, 2, 4 and 8 false regions a picture (x), as LUNA16 reports FROC.</summary>
    public required IReadOnlyList<CurvePoint> Froc { get; init; }

    /// <summary>Pictures, with and without defects.</summary>
    public int Pictures { get; init; }

    /// <summary>Found defects of all sizes over all.</summary>
    public MetricValue Recall => Sizes.Count == 0 ? MetricValue.NotAvailable("there is no defect")
        : new((double)Sizes.Sum(s => s.Found) / Sizes.Sum(s => s.Count));
}

/// <summary>Recall of the defects of one size.</summary>
/// <param name="Size">In pixels: the longer side of the box around the defect.</param>
/// <param name="Found">Defects that a region touches.</param>
/// <param name="Count">All of the size.</param>
public sealed record SizeRecall(int Size, int Found, int Count)
{
    /// <summary>Found over all.</summary>
    public double Recall => (double)Found / Count;
}

/// <summary>
/// Recall of defects by size at a number of false regions a picture: a point of the free-response ROC curve (FROC; Bunch et al. 1978; the operating points
/// of LUNA16, Setio et al. 2017), with the regions of an anomaly map as candidates. Takes pictures one by one; not safe for concurrent callers.
/// </summary>
/// <remarks>
/// At a threshold t the predicted regions of a picture are the 8-connected components of map >= t. A region that touches a defect (an 8-connected component
/// of the mask) finds it; one that touches none is false. One larger than <see cref="DefectRecallOptions.LargestRegion"/> counts as as many false regions of
/// that size as cover it, and what it touches is not found: a map that is high everywhere finds nothing.
/// The threshold is the lowest for which neither it nor any higher one gives more false regions than allowed, over all pictures, normal ones too. It is exact:
/// every distinct value of the maps is a threshold. Needs 13 bytes a pixel of the picture that is being added.
/// </remarks>
/// <param name="options">Limits and sizes.</param>
public sealed class DefectRecallAccumulator(DefectRecallOptions? options = null)
{
    private static readonly double[] Rates = [0.125, 0.25, 0.5, 1, 2, 4, 8];
    private readonly DefectRecallOptions _options = Checked(options);
    private readonly List<(float Value, int Change)> _changes = [];
    private readonly List<FoundDefect> _defects = [];
    private int _pictures;

    /// <summary>Adds a picture.</summary>
    /// <param name="map">Finite values; higher is more anomalous.</param>
    /// <param name="mask">Of the map's size; all false on a normal picture.</param>
    /// <exception cref="ArgumentException">The sizes differ, or a value is not finite.</exception>
    public void Add(AnomalyMap map, AnomalyMask mask)
    {
        ArgumentNullException.ThrowIfNull(map);
        ArgumentNullException.ThrowIfNull(mask);
        if (map.Width != mask.Width || map.Height != mask.Height)
        {
            throw new ArgumentException($"The map is {map.Width} x {map.Height}, the mask {mask.Width} x {mask.Height}.", nameof(mask));
        }

        foreach (float value in map.Values)
        {
            if (!float.IsFinite(value))
            {
                throw new ArgumentException("The map holds values that are not finite.", nameof(map));
            }
        }

        var regions = new FallingRegions(map, mask, (long)(_options.LargestRegion * map.Width * map.Height));
        regions.Run(_changes);
        _defects.AddRange(regions.Defects);
        _pictures++;
    }

    /// <summary>The recall of what was added. More may be added afterwards.</summary>
    public DefectRecall Compute()
    {
        _changes.Sort((a, b) => b.Value.CompareTo(a.Value));
        var (threshold, regions) = Threshold(_options.FalseRegions);
        var sizes = _options.Sizes.Distinct().Order().ToList();
        var bySize = _defects.GroupBy(d => sizes.MinBy(s => Math.Abs(Math.Log((double)d.Size / s)))).OrderBy(g => g.Key);
        return new()
        {
            Threshold = threshold, FalseRegions = _pictures == 0 ? 0 : (double)regions / _pictures, Pictures = _pictures,
            Sizes = [.. bySize.Select(g => new SizeRecall(g.Key, g.Count(d => d.IsFound(threshold)), g.Count()))],
            Froc = _defects.Count == 0 ? [] : [.. Rates.Select(r => new CurvePoint(r, (double)_defects.Count(Found(r)) / _defects.Count))],
        };
    }

    private Func<FoundDefect, bool> Found(double rate)
    {
        var (threshold, _) = Threshold(rate);
        return d => d.IsFound(threshold);
    }

    // Values fall; those that are equal act together.
    private (float? Threshold, long Regions) Threshold(double rate)
    {
        float? threshold = null;
        long regions = 0;
        for (int i = 0; i < _changes.Count;)
        {
            float value = _changes[i].Value;
            long next = regions;
            for (; i < _changes.Count && _changes[i].Value == value; i++)
            {
                next += _changes[i].Change;
            }

            if (next > rate * _pictures)
            {
                // Anything above this value is still allowed.
                return (MathF.BitIncrement(value), regions);
            }

            (threshold, regions) = (value, next);
        }

        return (threshold, regions);
    }

    private static DefectRecallOptions Checked(DefectRecallOptions? options)
    {
        options ??= new();
        options.Check();
        return options;
    }
}

/// <summary>A defect and the thresholds that find it.</summary>
/// <param name="Size">Longer side of its box.</param>
/// <param name="From">Highest threshold that does.</param>
/// <param name="Until">The threshold, and all below, at which its region is too large; <see langword="null"/>: it never is.</param>
internal readonly record struct FoundDefect(int Size, float From, float? Until)
{
    public bool IsFound(float? threshold) => threshold is { } t && From >= t && !(Until >= t);
}
