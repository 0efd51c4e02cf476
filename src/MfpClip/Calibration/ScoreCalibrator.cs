namespace MfpClip.Calibration;

/// <summary>Finds thresholds from images whose state is known.</summary>
public static class ScoreCalibrator
{
    /// <summary>Threshold from normal images only: the score that at most the given fraction of normal images reaches.</summary>
    /// <param name="good">Results of normal images; at least one.</param>
    /// <param name="falseAlarmRate">Fraction of normal images that may be called anomalous, 0 up to 1 (exclusive).</param>
    /// <param name="description">The detector that gave the results, or <see langword="null"/>.</param>
    /// <remarks>
    /// With rate 0 (the default) the threshold lies above every score given, by a margin of a tenth of their spread, so that the images
    /// it was made from are never called anomalous. The calibrated scale ends at as much again above it.
    /// </remarks>
    /// <exception cref="CalibrationException">No image, a rate outside its range, or a score that is not finite.</exception>
    public static ScoreCalibration FromNormalImages(IReadOnlyList<AnomalyResult> good, double falseAlarmRate = 0, DetectorDescription? description = null)
    {
        ArgumentNullException.ThrowIfNull(good);
        if (!(falseAlarmRate is >= 0 and < 1))
        {
            throw new CalibrationException(
                FormattableString.Invariant($"The false-alarm rate is {falseAlarmRate}; it must be from 0 up to, not including, 1."));
        }

        var scores = Scores(good);
        float image = AboveQuantile(scores, falseAlarmRate);
        float pixel = AboveQuantile([.. good.Select(r => r.ModelMap.Data.Max()).Order()], falseAlarmRate);
        return new()
        {
            ImageThreshold = image,
            PixelThreshold = Math.Min(pixel, 1),
            MinimumScore = scores[0],
            MaximumScore = Math.Max(image + (image - scores[0]), image + 1e-3f),
            Strategy = "quantile of normal images",
            FalseAlarmRate = falseAlarmRate,
            NormalImages = good.Count,
            WeightsHash = description?.WeightsHash,
            ClassName = good[0].ClassName,
        };
    }

    /// <summary>Threshold with the best F1 score on labelled images; of several equal ones, the middle between the two neighbouring scores.</summary>
    /// <param name="good">Results of normal images; at least one.</param>
    /// <param name="defective">Results of defective images; at least one.</param>
    /// <param name="description">The detector that gave the results, or <see langword="null"/>.</param>
    /// <exception cref="CalibrationException">One of the lists is empty, or a score is not finite.</exception>
    public static ScoreCalibration FromLabelledImages(
        IReadOnlyList<AnomalyResult> good, IReadOnlyList<AnomalyResult> defective, DetectorDescription? description = null)
    {
        ArgumentNullException.ThrowIfNull(good);
        ArgumentNullException.ThrowIfNull(defective);
        var (negatives, positives) = (Scores(good), Scores(defective));
        float image = BestF1(negatives, positives);
        float pixel = BestF1([.. good.Select(r => r.ModelMap.Data.Max()).Order()], [.. defective.Select(r => r.ModelMap.Data.Max()).Order()]);
        return new()
        {
            ImageThreshold = image,
            PixelThreshold = pixel,
            MinimumScore = Math.Min(negatives[0], positives[0]),
            MaximumScore = Math.Max(negatives[^1], positives[^1]),
            Strategy = "best F1 of labelled images",
            NormalImages = good.Count,
            DefectiveImages = defective.Count,
            WeightsHash = description?.WeightsHash,
            ClassName = good[0].ClassName,
        };
    }

    /// <summary>The threshold with the highest F1 among all that divide the scores differently.</summary>
    internal static float BestF1(IReadOnlyList<float> negatives, IReadOnlyList<float> positives)
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
                // Half-way to the next lower score, where there is one: as robust as the data allows.
                float middle = i == 0 ? candidates[i] : (candidates[i] + candidates[i - 1]) / 2;
                threshold = i > 0 && middle <= candidates[i - 1] ? candidates[i] : middle;
            }
        }

        return threshold;
    }

    private static float AboveQuantile(IReadOnlyList<float> sorted, double rate)
    {
        int allowed = (int)Math.Floor(rate * sorted.Count);
        int last = sorted.Count - 1 - allowed; // the highest score that must stay below
        float below = sorted[last];
        float next = last + 1 < sorted.Count ? sorted[last + 1] : below + Math.Max(0.1f * (sorted[^1] - sorted[0]), 1e-4f);
        float middle = last + 1 < sorted.Count ? (below + next) / 2 : next;
        return middle > below ? middle : MathF.BitIncrement(below);
    }

    private static List<float> Scores(IReadOnlyList<AnomalyResult> results)
    {
        if (results.Count == 0)
        {
            throw new CalibrationException("Calibration needs at least one image of each kind that is asked for.");
        }

        return results.FirstOrDefault(r => !float.IsFinite(r.Score)) is { } bad
            ? throw new CalibrationException($"The score of '{bad.ImageName}' is not finite.")
            : [.. results.Select(r => r.Score).Order()];
    }
}
