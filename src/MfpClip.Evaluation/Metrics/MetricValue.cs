namespace MfpClip.Evaluation.Metrics;

/// <summary>A metric as a fraction, or the reason why there is none.</summary>
/// <param name="Value">From 0 to 1; <see langword="null"/> where the metric is not defined for the data.</param>
/// <param name="Reason">Why there is no value.</param>
/// <param name="Error">How far the value may lie from that of unbinned scores, at most; 0: exact.</param>
public readonly record struct MetricValue(double? Value, string? Reason = null, double Error = 0)
{
    /// <summary>There is no value.</summary>
    /// <param name="reason">Why.</param>
    public static MetricValue NotAvailable(string reason) => new(null, reason);

    /// <summary>Percent with one decimal as the field prints it, or "n/a".</summary>
    public override string ToString() => Value is { } v ? (100 * v).ToString("0.0", System.Globalization.CultureInfo.InvariantCulture) : "n/a";
}

/// <summary>A point of a curve.</summary>
/// <param name="X">False positive rate, or recall.</param>
/// <param name="Y">True positive rate, per-region overlap, or precision.</param>
public readonly record struct CurvePoint(double X, double Y);

/// <summary>What scores say about labels, whatever the threshold. The definitions are those of scikit-learn, which the field uses.</summary>
public sealed record RankingMetrics
{
    /// <summary>Area under the ROC curve: fraction of pairs of a positive and a negative that are in order, ties counting half.</summary>
    public required MetricValue Auroc { get; init; }

    /// <summary>Average precision: sum over thresholds of (R_i - R_(i-1)) P_i, not interpolated.</summary>
    public required MetricValue AveragePrecision { get; init; }

    /// <summary>Highest F1 = 2 P R / (P + R) over all thresholds.</summary>
    public required MetricValue F1Max { get; init; }

    /// <summary>The score from which an item counts as positive when F1 is highest.</summary>
    public double? F1Threshold { get; init; }

    /// <summary>ROC curve from (0,0) to (1,1), thinned to about 500 points.</summary>
    public IReadOnlyList<CurvePoint> Roc { get; init; } = [];

    /// <summary>Precision (y) over recall (x), thinned.</summary>
    public IReadOnlyList<CurvePoint> PrecisionRecall { get; init; } = [];

    internal static RankingMetrics NotAvailable(string reason) => new()
    {
        Auroc = MetricValue.NotAvailable(reason), AveragePrecision = MetricValue.NotAvailable(reason), F1Max = MetricValue.NotAvailable(reason),
    };
}
