using MfpClip.Data;
using MfpClip.Evaluation.Metrics;
using MfpClip.Imaging;

namespace MfpClip.Evaluation;

/// <summary>What one detector does on one category, batch by batch, until it is summed up.</summary>
internal sealed class CategoryMeasurement
{
    private readonly EvaluationOptions _options;
    private readonly AnomalyCategory _category;
    private readonly AnomalySample[] _unmarked;
    private readonly PixelMetricsAccumulator? _pixels;
    private readonly CaseSelection _cases;
    private readonly List<ImageOutcome> _outcomes = [];
    private TimeSpan _time;
    private int _vanished;

    public CategoryMeasurement(EvaluationOptions options, AnomalyCategory category, IReadOnlyList<AnomalySample> samples)
    {
        (_options, _category, _cases) = (options, category, new(options.Cases));
        _unmarked = [.. samples.Where(s => s is { IsAnomalous: true, MaskPath: null })];
        _pixels = _unmarked.Length == 0 ? new(options.Pixels) : null;
    }

    /// <summary>Takes the results of a batch.</summary>
    /// <param name="batch">The images with their masks.</param>
    /// <param name="results">One for each.</param>
    /// <param name="time">How long decoding and detection took.</param>
    public void Add(IEnumerable<LoadedSample> batch, IEnumerable<AnomalyResult> results, TimeSpan time)
    {
        _time += time;
        foreach (var (loaded, result) in batch.Zip(results))
        {
            var map = GaussianSmoothing.Smooth(_options.Resolution == EvaluationResolution.Image ? result.ImageMap! : result.ModelMap, _options.SmoothingSigma);
            if (_pixels is not null)
            {
                var mask = ByteMaskResize.To(loaded.Mask!, map.Width, map.Height);
                _vanished += loaded.Mask!.Values.Contains(true) && !mask.Values.Contains(true) ? 1 : 0;
                _pixels.Add(map, mask);
            }

            var outcome = new ImageOutcome(
                Path.GetRelativePath(_category.Path, loaded.Sample.ImagePath).Replace('\\', '/'), loaded.Sample.Defect, result.Score, map.Data.Max());
            _outcomes.Add(outcome);
            _cases.Offer(outcome, loaded, map);
        }
    }

    /// <summary>The metrics of all batches.</summary>
    /// <param name="className">Words in the prompts.</param>
    /// <param name="imageSize">Side of the model's input.</param>
    public CategoryEvaluation Summarise(string className, int imageSize)
    {
        bool[] labels = [.. _outcomes.Select(o => o.Defect is not null)];
        int defective = labels.Count(l => l);
        // One kind alone: scikit-learn would print AP and F1 of 0 or 1, which say nothing about the detector.
        var image = defective == 0 || defective == labels.Length
            ? RankingMetrics.NotAvailable(defective == 0 ? "there is no defective test image" : "there is no normal test image")
            : ImageMetrics.Compute([.. _outcomes.Select(o => (double)o.Score)], labels);
        var pixel = _pixels is null ? PixelMetrics.NotAvailable(
            $"{_unmarked.Length} of {defective} defective images have no mask, the first is {Path.GetFileName(_unmarked[0].ImagePath)}")
            : defective == 0 ? PixelMetrics.NotAvailable("there is no defective test image") : _pixels.Compute();
        return new()
        {
            Key = _category.Key, DataSet = _category.DataSet, ClassName = className, Normal = labels.Length - defective, Defective = defective,
            Metrics = EvaluationMetrics.From(image, pixel), SecondsPerImage = _time.TotalSeconds / _outcomes.Count, Outcomes = _outcomes,
            PixelsExact = pixel.IsExact, ImageRoc = image.Roc, PixelRoc = pixel.Ranking.Roc, Pro = pixel.Pro, Cases = _cases.Draw(),
            Notes = _vanished == 0 ? [] :
                [$"{_vanished} of {defective} masks vanish at the model's resolution of {imageSize} px and count as background there; compare at the "
                    + $"image's resolution instead"],
        };
    }
}
