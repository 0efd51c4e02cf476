using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Evaluation.Metrics;

/// <summary>
/// Area under the per-region overlap (PRO) over the false positive rate, up to a limit, divided by the limit (Bergmann et al., MVTec AD).
/// Regions are 8-connected; each counts the same whatever its size; the rate counts pixels outside of all regions.
/// </summary>
internal static class Aupro
{
    /// <summary>Every distinct score is a threshold; the curve is linear between them and cut at the limit.</summary>
    public static (MetricValue Value, IReadOnlyList<CurvePoint> Curve) Exact(IPixelStore store, long negatives, int regions, double limit)
    {
        if (Missing(negatives, regions) is { } reason)
        {
            return (MetricValue.NotAvailable(reason), []);
        }

        double area = 0, slack = 0, fpr = 0, pro = 0, cover = 0;
        long fp = 0;
        var curve = new ThinnedCurve(0, 0);
        store.Walk((_, _, n, c) =>
        {
            fp += n;
            cover += c;
            double nextFpr = (double)fp / negatives, nextPro = Math.Min(cover / regions, 1);
            if (fpr < limit && nextFpr > fpr)
            {
                double end = Math.Min(nextFpr, limit), share = (end - fpr) / (nextFpr - fpr);
                area += (end - fpr) * (pro + (0.5 * share * (nextPro - pro)));
                // Between the corners of a bin the true curve rises somehow: half of their rectangle at most, all of it where it is cut.
                slack += (end - fpr) * (nextPro - pro) * (share < 1 ? 1 : 0.5);
            }

            (fpr, pro) = (nextFpr, nextPro);
            curve.Add(fpr, pro);
        });
        return (new(Math.Min(area / limit, 1), Error: store.IsExact ? 0 : slack / limit), curve.Points());
    }

    /// <summary>
    /// As AnomalyCLIP and APRIL-GAN compute it (cal_pro_score): evenly spaced thresholds from the lowest score, points strictly below
    /// the limit, their false positive rates stretched to [0,1].
    /// </summary>
    /// <param name="store">Pixels. In bins, thresholds act at the edges of bins; the value says what that can have changed.</param>
    /// <param name="negatives">Pixels outside of all regions.</param>
    /// <param name="regions">Number of regions.</param>
    /// <param name="range">Lowest and highest score.</param>
    /// <param name="steps">200 in the authors' code.</param>
    /// <param name="limit">0.3 in the authors' code.</param>
    /// <param name="singlePrecision">Whether the maps were float32 arrays: then NumPy rounds thresholds to float32 when it compares.</param>
    public static MetricValue Stepped(
        IPixelStore store, long negatives, int regions, (float Low, float High) range, int steps, double limit, bool singlePrecision = true)
    {
        if (Missing(negatives, regions) is { } reason)
        {
            return MetricValue.NotAvailable(reason);
        }

        double[] thresholds = Thresholds(range, steps, singlePrecision);
        if (thresholds.Length == 0)
        {
            return MetricValue.NotAvailable("the map is constant: there are no steps");
        }

        var points = Points(store, negatives, regions, thresholds, singlePrecision);
        if (!points.Taken.Any(p => p.X < limit))
        {
            return MetricValue.NotAvailable(
                $"no threshold has a false positive rate below {limit.ToString(System.Globalization.CultureInfo.InvariantCulture)}");
        }

        return points.Area(limit) is { } area
            ? new(area, Error: store.IsExact ? 0 : points.Error(limit))
            : MetricValue.NotAvailable("all thresholds below the limit have the same false positive rate");
    }

    /// <summary>As MVTec's evaluation code with a limited number of thresholds: evenly spaced among the sorted scores of the background.</summary>
    public static MetricValue AmongBackground(ExactPixels store, long negatives, int regions, int thresholds, double limit)
    {
        if (Missing(negatives, regions) is { } reason)
        {
            return MetricValue.NotAvailable(reason);
        }

        float[] background = [.. store.Sorted.Where(p => (uint)p == 0).Select(p => OrderedFloat.Value((uint)(p >> 32)))];
        int[] positions = [.. Enumerable.Range(0, thresholds).Select(i => (int)((double)(background.Length - 1) * i / (thresholds - 1)))];
        double[] at = [.. positions.Select(p => (double)background[p])];
        var overlaps = Points(store, negatives, regions, at, singlePrecision: true).Taken;
        var curve = positions.Select((p, i) => new CurvePoint(1.0 - ((p + 1.0) / background.Length), overlaps[i].Y)).Prepend(new(1, 1)).Reverse().ToList();
        double area = 0;
        for (int i = 1; i < curve.Count && curve[i - 1].X < limit; i++)
        {
            var (a, b) = (curve[i - 1], curve[i]);
            double end = Math.Min(b.X, limit);
            double y = b.X > a.X ? a.Y + ((b.Y - a.Y) * (end - a.X) / (b.X - a.X)) : b.Y;
            area += (end - a.X) * (a.Y + y) / 2;
        }

        return new(area / limit);
    }

    // Rising thresholds; positive is what lies strictly above.
    private static SteppedPoints Points(IPixelStore store, long negatives, int regions, double[] thresholds, bool singlePrecision)
    {
        CurvePoint[] low = new CurvePoint[thresholds.Length], high = new CurvePoint[thresholds.Length];
        int next = thresholds.Length - 1;
        long fp = 0;
        double cover = 0;
        store.Walk((score, _, n, c) =>
        {
            while (next >= 0 && score <= thresholds[next])
            {
                low[next] = high[next] = new((double)fp / negatives, cover / regions);
                if (!store.IsExact && BinnedPixels.CanContainAbove(score, thresholds[next], singlePrecision))
                {
                    high[next] = new((double)(fp + n) / negatives, (cover + c) / regions);
                }

                next--;
            }

            fp += n;
            cover += c;
        });
        for (; next >= 0; next--)
        {
            low[next] = high[next] = new((double)fp / negatives, cover / regions);
        }

        return new(low, high);
    }

    // np.arange(low, high, (high - low) / steps) of NumPy 1: the difference in the maps' precision, the steps in double.
    private static double[] Thresholds((float Low, float High) range, int steps, bool singlePrecision)
    {
        double span = singlePrecision ? range.High - range.Low : (double)range.High - range.Low;
        double step = span / steps;
        if (!(step > 0))
        {
            return [];
        }

        double second = range.Low + step, delta = second - range.Low;
        int count = (int)Math.Ceiling(span / step);
        return [.. Enumerable.Range(0, count).Select(i => range.Low + (i * delta)).Select(t => singlePrecision ? (float)t : t)];
    }

    private static string? Missing(long negatives, int regions) =>
        regions == 0 ? "there is no anomalous region" : negatives == 0 ? "there is no normal pixel" : null;
}
