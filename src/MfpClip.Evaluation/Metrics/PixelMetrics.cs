using MfpClip.Data;
using MfpClip.Data.Procedural;
using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Evaluation.Metrics;

/// <summary>How pixel metrics are computed.</summary>
public sealed record PixelMetricsOptions
{
    /// <summary>Up to this many pixels every score is kept and the metrics are exact; beyond, scores are counted in bins.</summary>
    /// <value>Default 2^25 = 33.5 million pixels (125 maps of 518 x 518): 270 MB, twice that while sorting. 0: always bins.</value>
    public long MaximumExactPixels { get; init; } = 1L << 25;

    /// <summary>False positive rate up to which AUPRO integrates.</summary>
    /// <value>Default 0.3, as the field has it.</value>
    public double FprLimit { get; init; } = 0.3;

    /// <summary>Thresholds of the authors' AUPRO.</summary>
    /// <value>Default 200, as in AnomalyCLIP and APRIL-GAN.</value>
    public int AuthorsSteps { get; init; } = 200;
}

/// <summary>What anomaly maps say about masks, over all pixels of all images.</summary>
public sealed record PixelMetrics
{
    /// <summary>AUROC, AP and F1-max over all pixels.</summary>
    public required RankingMetrics Ranking { get; init; }

    /// <summary>AUPRO, every distinct score a threshold.</summary>
    public required MetricValue Aupro { get; init; }

    /// <summary>AUPRO as AnomalyCLIP and APRIL-GAN compute it: 200 steps, rates stretched.</summary>
    public required MetricValue AuproAuthors { get; init; }

    /// <summary>Per-region overlap (y) over false positive rate (x).</summary>
    public IReadOnlyList<CurvePoint> Pro { get; init; } = [];

    /// <summary>Pixels counted.</summary>
    public long Pixels { get; init; }

    /// <summary>Anomalous regions (8-connected).</summary>
    public int Regions { get; init; }

    /// <summary>Whether no score was binned.</summary>
    public bool IsExact { get; init; } = true;

    /// <summary>No pixel metrics.</summary>
    /// <param name="reason">Why.</param>
    public static PixelMetrics NotAvailable(string reason) => new()
    {
        Ranking = RankingMetrics.NotAvailable(reason), Aupro = MetricValue.NotAvailable(reason), AuproAuthors = MetricValue.NotAvailable(reason),
    };
}

/// <summary>
/// Takes maps and masks one by one and computes pixel metrics in the end: exactly while there are few pixels, beyond that in bins whose
/// greatest possible effect is given with each value. Memory is bounded however many maps come. Not safe for concurrent callers.
/// </summary>
/// <param name="options">Limits.</param>
public sealed class PixelMetricsAccumulator(PixelMetricsOptions? options = null)
{
    private readonly PixelMetricsOptions _options = options ?? new();
    private ExactPixels? _exact = new();
    private BinnedPixels? _binned;
    private long _positives, _negatives;
    private int _regions;
    private float _low = float.PositiveInfinity, _high = float.NegativeInfinity;
    private bool _finite = true;

    /// <summary>Adds a map with its mask.</summary>
    /// <param name="map">Any finite values.</param>
    /// <param name="mask">Of the map's size.</param>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    /// <exception cref="InvalidOperationException">More pixels than 32-bit counts can hold (16,000 maps of 518 x 518).</exception>
    public void Add(AnomalyMap map, AnomalyMask mask) => Add(map, mask, null);

    /// <summary>Adds those pixels of a map that count: the others are as if they were not there, and a region counts what of it is inside.</summary>
    /// <param name="map">Any finite values.</param>
    /// <param name="mask">Of the map's size.</param>
    /// <param name="inside">A value for each pixel of the map: whether it counts; <see langword="null"/>: all do.</param>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    /// <exception cref="InvalidOperationException">More pixels than 32-bit counts can hold (16,000 maps of 518 x 518).</exception>
    public void Add(AnomalyMap map, AnomalyMask mask, bool[]? inside)
    {
        ArgumentNullException.ThrowIfNull(map);
        ArgumentNullException.ThrowIfNull(mask);
        if (map.Width != mask.Width || map.Height != mask.Height || (inside is not null && inside.Length != map.Data.Length))
        {
            throw new ArgumentException(
                $"The map is {map.Width} x {map.Height}, the mask {mask.Width} x {mask.Height}, "
                    + $"and {inside?.Length ?? map.Data.Length} pixels are inside or not.",
                nameof(mask));
        }

        if (_positives + _negatives + map.Data.Length > uint.MaxValue)
        {
            throw new InvalidOperationException("There are more than 4.29 billion pixels. Evaluate category by category.");
        }

        var (labels, areas) = mask.Values.Contains(true) ? MaskRegions.Inside(mask.Values, mask.Width, inside) : ([], []);
        float[] values = inside is null ? map.Data : [.. map.Data.Where((_, i) => inside[i])];
        labels = inside is null || labels.Length == 0 ? labels : [.. labels.Where((_, i) => inside[i])];
        _positives += areas.Sum(a => (long)a);
        _negatives += values.Length - areas.Sum(a => (long)a);
        _regions += areas.Count;
        Range(values);
        if (_exact is not null && _positives + _negatives > _options.MaximumExactPixels)
        {
            MoveToBins();
        }

        _exact?.Add(values, labels, areas);
        _binned?.Add(values, labels, areas);
    }

    /// <summary>Computes all metrics of what was added. More may be added afterwards.</summary>
    public PixelMetrics Compute()
    {
        IPixelStore store = _exact is null ? _binned! : _exact;
        if (_positives + _negatives == 0 || !_finite)
        {
            return PixelMetrics.NotAvailable(_finite ? "there are no pixels" : "a map holds values that are not finite");
        }

        var walk = new RankingWalk(_positives, _negatives, !store.IsExact);
        store.Walk((score, p, n, _) => walk.Step(score, p, n));
        var (aupro, curve) = Aupro.Exact(store, _negatives, _regions, _options.FprLimit);
        return new()
        {
            Ranking = walk.Finish(),
            Aupro = aupro,
            AuproAuthors = Stepped(),
            Pro = curve,
            Pixels = _positives + _negatives,
            Regions = _regions,
            IsExact = store.IsExact,
        };
    }

    /// <summary>The authors' AUPRO; <paramref name="singlePrecision"/> as in <see cref="Aupro.Stepped"/>.</summary>
    internal MetricValue Stepped(bool singlePrecision = true) =>
        Aupro.Stepped(_exact is null ? _binned! : _exact, _negatives, _regions, (_low, _high), _options.AuthorsSteps, _options.FprLimit, singlePrecision);

    /// <summary>AUPRO at thresholds among the background's scores; needs exact pixels.</summary>
    internal MetricValue AmongBackground(int thresholds) => Aupro.AmongBackground(_exact!, _negatives, _regions, thresholds, _options.FprLimit);

    private void Range(ReadOnlySpan<float> values)
    {
        foreach (float v in values)
        {
            _finite &= float.IsFinite(v);
            _low = Math.Min(_low, v);
            _high = Math.Max(_high, v);
        }
    }

    private void MoveToBins()
    {
        _binned = new();
        foreach (ulong pixel in _exact!.Packed)
        {
            _binned.Add((uint)(pixel >> 32), _exact.InverseAreas[(int)(uint)pixel]);
        }

        _exact = null;
    }
}
