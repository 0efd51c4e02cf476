using MfpClip.Data;
using MfpClip.Evaluation.Decisions;
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
    private readonly MaskNoticeSummary _notices = new();
    private readonly List<DefectOutcome> _defects = [];
    private readonly Coverage _coverage = new();
    private (float Image, float Pixel)? _thresholds;
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
            var raw = _options.Resolution == EvaluationResolution.Image ? ImageMap(result) : result.ModelMap;
            var map = GaussianSmoothing.Smooth(raw, _options.SmoothingSigma);
            _notices.Add(loaded);
            bool[]? inside = Coverage.Inside(result.InspectedRegion, map.Width, map.Height);
            // Where the mask of a defective image is black or full, no pixel is known to be normal or defect.
            if (_pixels is not null && loaded.Mask is { } whole)
            {
                var mask = ByteMaskResize.To(whole, map.Width, map.Height);
                _vanished += whole.Values.Contains(true) && !mask.Values.Contains(true) ? 1 : 0;
                _pixels.Add(map, mask, inside);
            }

            var outcome = new ImageOutcome(
                Path.GetRelativePath(_category.Path, loaded.Sample.ImagePath).Replace('\\', '/'), loaded.Sample.Defect, result.Score, map.Data.Max())
            {
                IsAnomalous = result.IsAnomalous,
            };
            _outcomes.Add(outcome);
            var drawn = loaded.Mask is { } full ? ByteMaskResize.To(full, map.Width, map.Height) : null;
            _coverage.Add(outcome, map.Data.Length, drawn, inside);
            if (outcome.Defect is { } kind && drawn is not null)
            {
                // A calibration's pixel threshold is one for maps as the detector gives them.
                _defects.AddRange(DefectOutcome.Of(outcome.Image, kind, drawn, result.Threshold is null ? map : raw, inside));
            }

            _thresholds = result.Threshold is { } t ? (t, result.PixelThreshold) : _thresholds;
            _cases.Offer(outcome, loaded, map, result.InspectedRegion);
        }
    }

    // Masks are compared pixel by pixel: a coarser map would be another measurement.
    private static AnomalyMap ImageMap(AnomalyResult result) => result.ImageMap ?? throw new DetectionOptionsException(
        nameof(EvaluationOptions.Resolution), $"image '{result.ImageName}' has {result.ImageWidth} x {result.ImageHeight} pixels and no map of that size. "
            + "Evaluate at the model's resolution (EvaluationResolution.Model), or raise TilingOptions.MaximumMapPixels.");

    /// <summary>The metrics of all batches.</summary>
    /// <param name="className">Words in the prompts.</param>
    /// <param name="imageSize">Side of the model's input.</param>
    public CategoryEvaluation Summarise(string className, int imageSize)
    {
        bool[] labels = [.. _outcomes.Select(o => o.Defect is not null)];
        int defective = labels.Count(l => l), unplaced = _notices.Count(MaskNotices.Black | MaskNotices.Full);
        // One kind alone: scikit-learn would print AP and F1 of 0 or 1, which say nothing about the detector.
        var image = defective == 0 || defective == labels.Length
            ? RankingMetrics.NotAvailable(defective == 0 ? "there is no defective test image" : "there is no normal test image")
            : ImageMetrics.Compute([.. _outcomes.Select(o => (double)o.Score)], labels);
        var pixel = _pixels is null ? PixelMetrics.NotAvailable(
            $"{_unmarked.Length} of {defective} defective images have no mask, the first is {Path.GetFileName(_unmarked[0].ImagePath)}")
            : defective == 0 ? PixelMetrics.NotAvailable("there is no defective test image")
            : unplaced == defective ? PixelMetrics.NotAvailable($"the masks of all {defective} defective images are black or cover the whole image")
            : _coverage.MissesEveryDefect ? PixelMetrics.NotAvailable("every defect lies on pixels that the detector does not inspect")
            : _vanished == defective - unplaced ? PixelMetrics.NotAvailable("no mask has a pixel left at the model's resolution") : _pixels.Compute();
        return new()
        {
            Key = _category.Key, DataSet = _category.DataSet, ClassName = className, Normal = labels.Length - defective, Defective = defective,
            Metrics = EvaluationMetrics.From(image, pixel), SecondsPerImage = _time.TotalSeconds / _outcomes.Count, Outcomes = _outcomes,
            ImageThreshold = _thresholds?.Image, PixelThreshold = _thresholds?.Pixel, Uncovered = _coverage.Sum,
            BestPixelThreshold = pixel.Ranking.F1Threshold, Defects = _defects,
            PixelsExact = pixel.IsExact, ImageRoc = image.Roc, PixelRoc = pixel.Ranking.Roc, Pro = pixel.Pro, Cases = _cases.Draw(),
            Notes =
            [
                .. _category.Notices.Select(n => n.TrimEnd('.')), .. _category.Ignored.Where(MattersToFigures).Select(i => $"ignored: {i.Explanation}"),
                .. _notices.Sentences, .. _coverage.Sum is { } uncovered ? [uncovered.ToString()] : Array.Empty<string>(),
                .. _vanished == 0 ? new string[0] :
                    [$"{_vanished} of {defective} masks vanish at the model's resolution of {imageSize} px and count as background there; compare at the "
                        + $"image's resolution instead"],
            ],
        };
    }

    private static bool MattersToFigures(IgnoredPath ignored) =>
        ignored.Reason is not (IgnoredReason.NotAnImage or IgnoredReason.MaskOfNormalImage or IgnoredReason.OtherModality);
}
