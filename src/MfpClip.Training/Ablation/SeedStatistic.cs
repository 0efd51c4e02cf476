using MfpClip.Evaluation.Reports;

namespace MfpClip.Training.Ablation;

/// <summary>Several seeds as one number.</summary>
/// <param name="Mean">Mean; <see langword="null"/> where a seed has no value.</param>
/// <param name="StandardDeviation">Of the sample (n - 1); <see langword="null"/> for one seed.</param>
/// <param name="Count">Seeds.</param>
public sealed record SeedStatistic(double? Mean, double? StandardDeviation, int Count)
{
    /// <summary>Percent with one decimal and, of several seeds, the deviation: "92.3 ± 0.4".</summary>
    internal string Percent() => new MetricSummary(Mean, StandardDeviation, Count, null).ToString();

    internal static SeedStatistic Of(IReadOnlyList<double?> values)
    {
        if (values.Count == 0 || values.Any(v => v is null))
        {
            return new(null, null, values.Count);
        }

        double mean = values.Average(v => v!.Value);
        double? deviation = values.Count < 2 ? null : Math.Sqrt(values.Sum(v => Math.Pow(v!.Value - mean, 2)) / (values.Count - 1));
        return new(mean, deviation, values.Count);
    }
}
