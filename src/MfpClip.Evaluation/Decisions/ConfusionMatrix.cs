namespace MfpClip.Evaluation.Decisions;

/// <summary>What was decided about images against what they are.</summary>
/// <param name="Found">Defective images called anomalous (true positives).</param>
/// <param name="Missed">Defective images called normal (false negatives).</param>
/// <param name="FalseAlarms">Normal images called anomalous (false positives).</param>
/// <param name="Passed">Normal images called normal (true negatives).</param>
public sealed record ConfusionMatrix(int Found, int Missed, int FalseAlarms, int Passed)
{
    /// <summary>Fraction of all images about which the decision is right.</summary>
    public Proportion Accuracy => new(Found + Passed, Found + Missed + FalseAlarms + Passed);

    /// <summary>Fraction of defective images that are found.</summary>
    public Proportion Recall => new(Found, Found + Missed);

    /// <summary>Fraction of defective images that are missed.</summary>
    public Proportion MissRate => new(Missed, Found + Missed);

    /// <summary>Fraction of normal images that are called anomalous.</summary>
    public Proportion FalseAlarmRate => new(FalseAlarms, FalseAlarms + Passed);

    /// <summary>Fraction of the images called anomalous that are defective.</summary>
    public Proportion Precision => new(Found, Found + FalseAlarms);

    /// <summary>Counts the decisions of a detector with a calibration.</summary>
    /// <param name="outcomes">Images; those about which nothing was decided are left out.</param>
    /// <returns><see langword="null"/> where nothing was decided.</returns>
    public static ConfusionMatrix? Of(IEnumerable<ImageOutcome> outcomes)
    {
        ArgumentNullException.ThrowIfNull(outcomes);
        (bool Defective, bool Anomalous)[] decided =
            [.. outcomes.Where(o => o.IsAnomalous is not null).Select(o => (o.Defect is not null, o.IsAnomalous == true))];
        return decided.Length == 0 ? null : Count(decided);
    }

    /// <summary>Counts what a threshold would decide.</summary>
    /// <param name="outcomes">Images.</param>
    /// <param name="threshold">An image with this raw score or more is anomalous.</param>
    public static ConfusionMatrix At(IEnumerable<ImageOutcome> outcomes, double threshold)
    {
        ArgumentNullException.ThrowIfNull(outcomes);
        return Count([.. outcomes.Select(o => (o.Defect is not null, o.Score >= threshold))]);
    }

    /// <summary>All counted together.</summary>
    /// <param name="parts">Matrices of other images each.</param>
    public static ConfusionMatrix Sum(IReadOnlyList<ConfusionMatrix> parts) 
    {
        ArgumentNullException.ThrowIfNull(parts);
        return new(parts.Sum(p => p.Found), parts.Sum(p => p.Missed), parts.Sum(p => p.FalseAlarms), parts.Sum(p => p.Passed));
    }

    private static ConfusionMatrix Count((bool Defective, bool Anomalous)[] decided)
    {
        int Number(bool defective, bool anomalous) => decided.Count(d => d == (defective, anomalous));
        return new(Number(true, true), Number(true, false), Number(false, true), Number(false, false));
    }
}
