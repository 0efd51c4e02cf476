namespace MfpClip.Evaluation.Decisions;

/// <summary>
/// The interval of 95 % in which the true AUROC lies: DeLong's (1988). Where the kinds are separated completely, so that its variance is 0 however
/// few images there are, Newcombe's score interval (2006, method 5), which depends on the numbers of images.
/// </summary>
/// <param name="Lower">Lower end, 0 to 1.</param>
/// <param name="Upper">Upper end, 0 to 1.</param>
public readonly record struct AurocInterval(double Lower, double Upper)
{
    /// <summary>Computes it.</summary>
    /// <param name="normal">Finite scores of normal images.</param>
    /// <param name="anomalous">Finite scores of anomalous images.</param>
    /// <returns><see langword="null"/> with fewer than two images of a kind.</returns>
    public static AurocInterval? Of(IReadOnlyList<double> normal, IReadOnlyList<double> anomalous)
    {
        ArgumentNullException.ThrowIfNull(normal);
        ArgumentNullException.ThrowIfNull(anomalous);
        if (normal.Count < 2 || anomalous.Count < 2)
        {
            return null;
        }

        double[] low = [.. normal.Order()], high = [.. anomalous.Order()];
        double[] found = [.. anomalous.Select(s => Below(low, s))], passed = [.. normal.Select(s => 1 - Below(high, s))];
        double auroc = found.Average(), error = Math.Sqrt((Variance(found) / found.Length) + (Variance(passed) / passed.Length));
        return auroc is 0 or 1 ? Newcombe(auroc, normal.Count, anomalous.Count)
            : new(Math.Max(0, auroc - (Proportion.Z * error)), Math.Min(1, auroc + (Proportion.Z * error)));
    }

    // Where the distance to the observed value is as large as the deviation there, which falls to 0 at both ends of [0, 1].
    private static AurocInterval Newcombe(double auroc, int normal, int anomalous)
    {
        double half = ((normal + anomalous) / 2.0) - 1, inside = auroc, outside = 1 - auroc;
        for (int i = 0; i < 100; i++)
        {
            double t = (inside + outside) / 2;
            double variance = t * (1 - t) * (1 + (half * (1 - t) / (2 - t)) + (half * t / (1 + t))) / ((double)normal * anomalous);
            (inside, outside) = Math.Abs(auroc - t) <= Proportion.Z * Math.Sqrt(variance) ? (t, outside) : (inside, t);
        }

        return auroc == 1 ? new(inside, 1) : new(0, inside);
    }

    // Fraction of sorted scores below a score, equal ones half.
    private static double Below(double[] sorted, double score)
    {
        int first = First(sorted, v => v >= score), after = First(sorted, v => v > score);
        return (first + ((after - first) / 2.0)) / sorted.Length;
    }

    private static int First(double[] sorted, Func<double, bool> holds)
    {
        int low = 0, high = sorted.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = holds(sorted[middle]) ? (low, middle) : (middle + 1, high);
        }

        return low;
    }

    private static double Variance(double[] values)
    {
        double mean = values.Average();
        return values.Sum(v => (v - mean) * (v - mean)) / (values.Length - 1);
    }
}
