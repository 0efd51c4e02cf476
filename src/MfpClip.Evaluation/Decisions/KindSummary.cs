using MfpClip.Evaluation.Metrics;

namespace MfpClip.Evaluation.Decisions;

/// <summary>One kind of defect of a category: its images and its single defects.</summary>
public sealed record KindSummary
{
    /// <summary>The category's key.</summary>
    public required string Category { get; init; }

    /// <summary>Kind of defect; <see langword="null"/>: all kinds of the category.</summary>
    public required string? Kind { get; init; }

    /// <summary>Defective images called anomalous, of all of this kind.</summary>
    public required Proportion Images { get; init; }

    /// <summary>Connected defects found at the pixel threshold, of all of this kind that have a mask; see <see cref="DefectOutcome"/>.</summary>
    public required Proportion Defects { get; init; }

    /// <summary>AUROC of these images against the normal images of the category.</summary>
    public required MetricValue Auroc { get; init; }

    /// <summary>Interval of <see cref="Auroc"/>; <see langword="null"/> with fewer than two images of a side.</summary>
    public AurocInterval? AurocInterval { get; init; }
}

/// <summary>What is decided about a category, and at which thresholds.</summary>
public sealed record CategoryDecisions
{
    /// <summary>The category's key.</summary>
    public required string Category { get; init; }

    /// <summary>Whether the thresholds are the calibration's; otherwise they are the best for these very images, and the rates optimistic.</summary>
    public required bool IsCalibrated { get; init; }

    /// <summary>Raw score from which an image is anomalous; <see langword="null"/>: there is none.</summary>
    public required double? ImageThreshold { get; init; }

    /// <summary>Map value from which a pixel is anomalous; <see langword="null"/>: there is none.</summary>
    public required double? PixelThreshold { get; init; }

    /// <summary>Decisions about the images; <see langword="null"/> without a threshold.</summary>
    public required ConfusionMatrix? Images { get; init; }

    /// <summary>All kinds together, then each by name; empty without defective images.</summary>
    public required IReadOnlyList<KindSummary> Kinds { get; init; }

    /// <summary>Reads them from a category.</summary>
    /// <param name="category">A category that was tested.</param>
    public static CategoryDecisions Of(CategoryEvaluation category)
    {
        ArgumentNullException.ThrowIfNull(category);
        var finite = category.Outcomes.Where(o => float.IsFinite(o.Score)).ToList();
        bool calibrated = category.Outcomes.Any(o => o.IsAnomalous is not null);
        double? image = calibrated ? category.ImageThreshold : category.Normal == 0 || category.Defective == 0 ? null
            : ImageMetrics.Compute([.. finite.Select(o => (double)o.Score)], [.. finite.Select(o => o.Defect is not null)]).F1Threshold;
        double? pixel = calibrated ? category.PixelThreshold : category.BestPixelThreshold;
        double[] normal = [.. finite.Where(o => o.Defect is null).Select(o => (double)o.Score)];
        KindSummary Kind(string? kind)
        {
            var outcomes = category.Outcomes.Where(o => o.Defect is not null && (kind is null || o.Defect == kind)).ToList();
            var defects = category.Defects.Where(d => kind is null || d.Kind == kind).ToList();
            double[] scores = [.. outcomes.Where(o => float.IsFinite(o.Score)).Select(o => (double)o.Score)];
            return new()
            {
                Category = category.Key, Kind = kind,
                Images = image is null ? default : new(outcomes.Count(o => o.IsAnomalous ?? o.Score >= image), outcomes.Count),
                Defects = pixel is { } threshold ? new(defects.Count(d => d.IsFoundAt(threshold)), defects.Count) : default,
                Auroc = normal.Length == 0 || scores.Length == 0 ? MetricValue.NotAvailable("it needs both kinds of images") : ImageMetrics.Compute(
                    [.. normal, .. scores], [.. normal.Select(_ => false), .. scores.Select(_ => true)]).Auroc,
                AurocInterval = Decisions.AurocInterval.Of(normal, scores),
            };
        }

        string[] kinds = [.. category.Outcomes.Select(o => o.Defect).OfType<string>().Distinct().Order(StringComparer.Ordinal)];
        return new()
        {
            Category = category.Key, IsCalibrated = calibrated, ImageThreshold = image, PixelThreshold = pixel,
            Images = calibrated ? ConfusionMatrix.Of(category.Outcomes) : image is { } t ? ConfusionMatrix.At(category.Outcomes, t) : null,
            Kinds = kinds.Length == 0 ? [] : [Kind(null), .. kinds.Select(k => Kind(k))],
        };
    }
}
