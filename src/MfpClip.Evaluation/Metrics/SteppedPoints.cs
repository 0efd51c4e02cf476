namespace MfpClip.Evaluation.Metrics;

/// <summary>
/// The points of the stepped curve, threshold by threshold, each between two corners: without and with the bin into which its threshold falls.
/// Where scores are exact the corners coincide. False positive rates (X) and overlaps (Y) fall as thresholds rise.
/// </summary>
internal sealed class SteppedPoints(CurvePoint[] low, CurvePoint[] high)
{
    /// <summary>The points that are taken: what lies surely above each threshold.</summary>
    public IReadOnlyList<CurvePoint> Taken => low;

    /// <summary>Area under the points below the limit, their rates stretched to [0,1]; <see langword="null"/>: there is none.</summary>
    public double? Area(double limit) => Area(First(low, limit));

    /// <summary>
    /// How far <see cref="Area(double)"/> may lie from the area of the true points, wherever between their corners those are: the change of the
    /// integral and of the span by which rates are stretched, for every point that may be the first below the limit.
    /// </summary>
    public double Error(double limit)
    {
        int first = First(low, limit), last = First(high, limit);
        if (Area(first) is not { } area || last > low.Length - 2)
        {
            return 1;
        }

        double error = 0;
        for (int k = first; k <= last; k++)
        {
            var (sum, change) = (Sum(k), Change(k));
            double span = low[k].X - low[^1].X, slack = Width(k) + Width(low.Length - 1);
            if (span <= slack)
            {
                return 1;
            }

            error = Math.Max(error, Math.Max(((sum + change) / (span - slack)) - area, area - ((sum - change) / (span + slack))));
        }

        return Math.Clamp(error, 0, 1);
    }

    private double? Area(int first) => first < low.Length && low[first].X - low[^1].X is > 0 and var span ? Sum(first) / span : null;

    private double Sum(int first)
    {
        double sum = 0;
        for (int i = first + 1; i < low.Length; i++)
        {
            sum += (low[i - 1].X - low[i].X) * (low[i].Y + low[i - 1].Y) / 2;
        }

        return sum;
    }

    // The integral's slope in each coordinate, at its steepest between the corners, times the way the coordinate may go.
    private double Change(int first)
    {
        double change = 0;
        for (int i = first; i < low.Length; i++)
        {
            double byX = i == first ? (high[i].Y + high[i + 1].Y) / 2
                : i == low.Length - 1 ? (high[i].Y + high[i - 1].Y) / 2
                : Gap(low[i - 1].Y, high[i - 1].Y, low[i + 1].Y, high[i + 1].Y) / 2;
            int before = Math.Max(i - 1, first), after = Math.Min(i + 1, low.Length - 1);
            double byY = Gap(low[before].X, high[before].X, low[after].X, high[after].X) / 2;
            change += (Width(i) * byX) + ((high[i].Y - low[i].Y) * byY);
        }

        return change;
    }

    private double Width(int i) => high[i].X - low[i].X;

    private static double Gap(double lowA, double highA, double lowB, double highB) => Math.Max(Math.Abs(highA - lowB), Math.Abs(lowA - highB));

    private static int First(CurvePoint[] points, double limit) => Array.FindIndex(points, p => p.X < limit) is >= 0 and var i ? i : points.Length;
}
