using MfpClip.Data.Procedural;

namespace MfpClip.Evaluation.Metrics;

/// <summary>
/// Walks down the scores once, group of equal scores by group, and sums up every metric on the way. A group may also be a bin of
/// neighbouring scores; then the bounds of what the binning can have changed are summed up, too.
/// </summary>
internal sealed class RankingWalk(long positives, long negatives, bool binned)
{
    private Int128 _pairs; // twice the number of pairs in order
    private double _pairSlack;
    private double _precision, _precisionSlack;
    private double _f1, _f1High;
    private long _tp, _fp;
    private readonly ThinnedCurve _roc = new(0, 0), _precisionRecall = new(0, 1);
    private double? _f1Threshold;

    /// <summary>True positives so far.</summary>
    public long TruePositives => _tp;

    /// <summary>False positives so far.</summary>
    public long FalsePositives => _fp;

    /// <summary>The next lower score.</summary>
    /// <param name="score">It, or the lower edge of the bin.</param>
    /// <param name="p">Positives that have it.</param>
    /// <param name="n">Negatives that have it.</param>
    public void Step(double score, long p, long n)
    {
        double before = _fp;
        _pairs += (Int128)n * ((2 * _tp) + p);
        _pairSlack += 0.5 * p * n;
        _tp += p;
        _fp += n;
        double precision = (double)_tp / (_tp + _fp);
        _precision += p * precision;
        if (binned && p > 0)
        {
            // At best all positives of a bin come first, at worst last.
            double high = _tp / (_tp + before), low = (_tp - p + 1.0) / (_tp - p + 1 + _fp);
            _precisionSlack += p * Math.Max(high - precision, precision - low);
            _f1High = Math.Max(_f1High, 2.0 * _tp / (positives + _tp + before));
        }

        double f1 = positives > 0 ? 2.0 * _tp / (positives + _tp + _fp) : 0;
        if (f1 > _f1 || _f1Threshold is null)
        {
            (_f1, _f1Threshold) = (f1, score);
        }

        _roc.Add(negatives > 0 ? (double)_fp / negatives : 0, positives > 0 ? (double)_tp / positives : 0);
        _precisionRecall.Add(positives > 0 ? (double)_tp / positives : 1, precision);
    }

    public RankingMetrics Finish()
    {
        double all = (double)positives * negatives;
        return new()
        {
            Auroc = positives == 0 || negatives == 0
                ? MetricValue.NotAvailable(positives == 0 ? "there is nothing anomalous" : "there is nothing normal")
                : new((double)_pairs / (2 * all), Error: binned ? _pairSlack / all : 0),
            AveragePrecision = new(positives > 0 ? _precision / positives : 0, Error: binned && positives > 0 ? _precisionSlack / positives : 0),
            F1Max = new(_f1, Error: binned ? Math.Max(0, _f1High - _f1) : 0),
            F1Threshold = _f1Threshold,
            Roc = _roc.Points(),
            PrecisionRecall = _precisionRecall.Points(),
        };
    }
}

/// <summary>A curve of which points are kept that differ visibly.</summary>
internal sealed class ThinnedCurve(double startX, double startY)
{
    private const double Step = 1.0 / 250;
    private readonly List<CurvePoint> _points = [new(startX, startY)];
    private CurvePoint _last = new(startX, startY);

    public void Add(double x, double y)
    {
        _last = new(x, y);
        if (Math.Abs(x - _points[^1].X) >= Step || Math.Abs(y - _points[^1].Y) >= Step)
        {
            _points.Add(_last);
        }
    }

    public IReadOnlyList<CurvePoint> Points() => _points[^1] == _last ? _points : [.. _points, _last];
}
