using MfpClip.Evaluation.Metrics;

namespace MfpClip.Evaluation;

/// <summary>The field's metrics of a category, or their mean over categories. Fractions.</summary>
public sealed record EvaluationMetrics
{
    /// <summary>AUROC of image scores.</summary>
    public required MetricValue ImageAuroc { get; init; }

    /// <summary>Average precision of image scores.</summary>
    public required MetricValue ImageAp { get; init; }

    /// <summary>Highest F1 of image scores.</summary>
    public required MetricValue ImageF1Max { get; init; }

    /// <summary>AUROC over all pixels.</summary>
    public required MetricValue PixelAuroc { get; init; }

    /// <summary>Average precision over all pixels.</summary>
    public required MetricValue PixelAp { get; init; }

    /// <summary>Highest F1 over all pixels.</summary>
    public required MetricValue PixelF1Max { get; init; }

    /// <summary>AUPRO at a false positive rate of 0.3, exact form.</summary>
    public required MetricValue Aupro { get; init; }

    /// <summary>AUPRO as AnomalyCLIP and APRIL-GAN compute it, in 200 steps; what their papers print.</summary>
    public required MetricValue AuproAuthors { get; init; }

    /// <summary>Name in data files, title in tables, and how to get it, in the order of reports.</summary>
    public static IReadOnlyList<(string Key, string Title, Func<EvaluationMetrics, MetricValue> Get)> All { get; } =
    [
        ("image_auroc", "image AUROC", m => m.ImageAuroc), ("image_ap", "image AP", m => m.ImageAp), ("image_f1max", "image F1-max", m => m.ImageF1Max),
        ("pixel_auroc", "pixel AUROC", m => m.PixelAuroc), ("pixel_ap", "pixel AP", m => m.PixelAp), ("pixel_f1max", "pixel F1-max", m => m.PixelF1Max),
        ("aupro", "AUPRO", m => m.Aupro), ("aupro_authors", "AUPRO (200 steps)", m => m.AuproAuthors),
    ];

    /// <summary>Mean over categories, as the field reports it: each category counts the same; those without a value are left out.</summary>
    public static EvaluationMetrics Mean(IReadOnlyList<EvaluationMetrics> categories)
    {
        ArgumentNullException.ThrowIfNull(categories);
        MetricValue Of(Func<EvaluationMetrics, MetricValue> get)
        {
            MetricValue[] there = [.. categories.Select(get).Where(v => v.Value is not null)];
            return there.Length == 0 ? MetricValue.NotAvailable("no category has it") : new(
                there.Average(v => v.Value!.Value), there.Length < categories.Count ? $"mean of {there.Length} of {categories.Count} categories" : null,
                there.Average(v => v.Error));
        }

        return new()
        {
            ImageAuroc = Of(m => m.ImageAuroc), ImageAp = Of(m => m.ImageAp), ImageF1Max = Of(m => m.ImageF1Max),
            PixelAuroc = Of(m => m.PixelAuroc), PixelAp = Of(m => m.PixelAp), PixelF1Max = Of(m => m.PixelF1Max),
            Aupro = Of(m => m.Aupro), AuproAuthors = Of(m => m.AuproAuthors),
        };
    }

    internal static EvaluationMetrics From(RankingMetrics image, PixelMetrics pixel) => new()
    {
        ImageAuroc = image.Auroc, ImageAp = image.AveragePrecision, ImageF1Max = image.F1Max,
        PixelAuroc = pixel.Ranking.Auroc, PixelAp = pixel.Ranking.AveragePrecision, PixelF1Max = pixel.Ranking.F1Max,
        Aupro = pixel.Aupro, AuproAuthors = pixel.AuproAuthors,
    };
}
