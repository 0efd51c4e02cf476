using MfpClip.Data;

namespace MfpClip.Evaluation;

/// <summary>Which test images of a category are used.</summary>
internal static class TestSelection
{
    /// <summary>All, or at most a number of them: half good, half defective where there are enough, each evenly spread over the sorted files.</summary>
    public static IReadOnlyList<AnomalySample> Take(AnomalyCategory category, int? limit)
    {
        AnomalySample[] all = [.. category.Test];
        if (limit is not { } n || all.Length <= n)
        {
            return all;
        }

        AnomalySample[] good = [.. all.Where(s => !s.IsAnomalous)], bad = [.. all.Where(s => s.IsAnomalous)];
        int fewNormal = Math.Min(good.Length, Math.Max(n / 2, n - bad.Length));
        return [.. Spread(bad, Math.Min(bad.Length, n - fewNormal)), .. Spread(good, fewNormal)];
    }

    private static IEnumerable<AnomalySample> Spread(AnomalySample[] samples, int count) =>
        Enumerable.Range(0, count).Select(i => samples[(int)((long)i * samples.Length / count)]);
}
