using MfpClip.Data.Procedural;

namespace MfpClip.Evaluation.Metrics;

/// <summary>Metrics of one score a item: image AUROC, AP and F1-max.</summary>
public static class ImageMetrics
{
    /// <summary>Computes them exactly, in double precision. Scores are tied only where they are equal.</summary>
    /// <param name="scores">Higher is more anomalous.</param>
    /// <param name="anomalous">Label of each score.</param>
    /// <returns>Without anomalous items AP and F1-max are 0, as scikit-learn has it; AUROC needs both kinds.</returns>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static RankingMetrics Compute(ReadOnlySpan<double> scores, ReadOnlySpan<bool> anomalous)
    {
        if (scores.Length != anomalous.Length)
        {
            throw new ArgumentException($"There are {scores.Length} scores and {anomalous.Length} labels.", nameof(anomalous));
        }

        if (scores.IsEmpty)
        {
            return RankingMetrics.NotAvailable("there are no scores");
        }

        var (sorted, labels) = (scores.ToArray(), anomalous.ToArray());
        if (sorted.Any(s => !double.IsFinite(s)))
        {
            return RankingMetrics.NotAvailable("a score is not finite");
        }

        Array.Sort(sorted, labels);
        long positives = labels.LongCount(l => l);
        var walk = new RankingWalk(positives, labels.Length - positives, binned: false);
        for (int end = sorted.Length; end > 0;)
        {
            int start = end - 1;
            long p = labels[start] ? 1 : 0;
            while (start > 0 && sorted[start - 1] == sorted[end - 1])
            {
                p += labels[--start] ? 1 : 0;
            }

            walk.Step(sorted[end - 1], p, end - start - p);
            end = start;
        }

        return walk.Finish();
    }
}
