namespace MfpClip.Calibration;

/// <summary>Where to divide sorted values. Every threshold lies in their range: a value can reach it.</summary>
internal static class Thresholds
{
    // How far above the highest normal value the threshold stands: part of the median absolute deviation, which one odd image does not widen, and of the room
    // that is left; at least what scores differ by from machine to machine.
    private const float OfDeviation = 0.5f, OfRoom = 0.1f, LeastMargin = 1e-4f;

    /// <summary>The lowest threshold that at most the given fraction of the values reaches.</summary>
    /// <param name="sorted">Rising, at least one.</param>
    /// <param name="rate">From 0 up to 1 (exclusive).</param>
    /// <param name="maximum">Highest value there is.</param>
    /// <returns>
    /// Half-way to the next value where some may reach it, else above all by half of their median absolute deviation, but at most by a tenth of what is left
    /// to the maximum. Where a value that must stay below is the maximum itself, nothing lies above it, and it reaches the threshold.
    /// </returns>
    public static float AboveQuantile(IReadOnlyList<float> sorted, double rate, float maximum)
    {
        int last = sorted.Count - 1 - (int)Math.Floor(rate * sorted.Count); // the highest value that must stay below
        float below = sorted[last];
        if (below >= maximum)
        {
            return MathF.BitDecrement(maximum); // one step below, so that 0.5 and 1 of the calibrated scale stay apart
        }

        float margin = Math.Max(Math.Min(OfDeviation * Deviation(sorted), OfRoom * (maximum - below)), LeastMargin);
        float threshold = last + 1 < sorted.Count ? Middle(below, sorted[last + 1])
            : below + margin <= maximum ? below + margin : Middle(below, maximum);
        return threshold > below ? threshold : MathF.BitIncrement(below);
    }

    /// <summary>The threshold with the highest F1 among all that divide the values differently; of equal ones the middle between the neighbours.</summary>
    public static float BestF1(IReadOnlyList<float> negatives, IReadOnlyList<float> positives)
    {
        var candidates = negatives.Concat(positives).Distinct().Order().ToList();
        var (best, threshold) = (-1.0, candidates[0]);
        for (int i = 0; i < candidates.Count; i++)
        {
            int hits = positives.Count(p => p >= candidates[i]);
            int alarms = negatives.Count(n => n >= candidates[i]);
            double f1 = 2.0 * hits / (positives.Count + hits + alarms);
            if (f1 > best)
            {
                best = f1;
                // Half-way to the next lower value, where there is one: as robust as the data allows.
                float middle = i == 0 ? candidates[i] : Middle(candidates[i], candidates[i - 1]);
                threshold = i > 0 && middle <= candidates[i - 1] ? candidates[i] : middle;
            }
        }

        return threshold;
    }

    private static float Deviation(IReadOnlyList<float> sorted)
    {
        float median = Median(sorted);
        return Median([.. sorted.Select(v => Math.Abs(v - median)).Order()]);
    }

    private static float Median(IReadOnlyList<float> sorted) => Middle(sorted[(sorted.Count - 1) / 2], sorted[sorted.Count / 2]);

    private static float Middle(float a, float b) => (float)(((double)a + b) / 2);
}
