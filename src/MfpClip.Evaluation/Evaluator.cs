using System.Diagnostics;
using System.Globalization;
using MfpClip.Data;
using MfpClip.Evaluation.Metrics;
using MfpClip.Imaging;

namespace MfpClip.Evaluation;

/// <summary>Runs a detector over categories and measures what it finds.</summary>
/// <param name="options">How; <see langword="null"/>: the defaults.</param>
/// <param name="decoder">Image decoder; <see langword="null"/>: the library's. Use the detector's own where it has one.</param>
public sealed class Evaluator(EvaluationOptions? options = null, IImageDecoder? decoder = null)
{
    private readonly EvaluationOptions _options = options ?? new();
    private readonly SampleReader _reader = new(decoder ?? new SkiaImageDecoder());

    /// <summary>Tests one detector on every category. Images are decoded ahead, in parallel.</summary>
    /// <param name="detector">It is not disposed.</param>
    /// <param name="data">What to test on.</param>
    /// <param name="protocol">Who learned from what; printed into reports.</param>
    /// <param name="progress">Called after each batch.</param>
    /// <param name="cancellationToken">Checked between batches and stages.</param>
    /// <exception cref="DataSetException">A file cannot be used; names it.</exception>
    /// <exception cref="ArgumentException">Shots were asked for: the detector must then be built for each category.</exception>
    public EvaluationRun Evaluate(
        IZeroShotDetector detector, AnomalyDataSet data, CrossDataSetProtocol? protocol = null, IProgress<EvaluationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(detector);
        return _options.Shots > 0
            ? throw new ArgumentException("References differ from category to category: give a function that builds the detector of a category.", nameof(detector))
            : Evaluate((_, _) => detector, dispose: false, data, protocol, progress, cancellationToken);
    }

    /// <summary>Tests a detector that is built for each category, so that it may look at good examples of it.</summary>
    /// <param name="build">Builds it; what it gives is disposed after the category.</param>
    /// <param name="data">What to test on.</param>
    /// <param name="protocol">Who learned from what.</param>
    /// <param name="progress">Called after each batch.</param>
    /// <param name="cancellationToken">Checked between batches and stages.</param>
    /// <exception cref="DataSetException">A file cannot be used, or a category has fewer good training images than shots.</exception>
    public EvaluationRun EvaluateEachCategory(
        CategoryDetector build, AnomalyDataSet data, CrossDataSetProtocol? protocol = null, IProgress<EvaluationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(build);
        return Evaluate(build, dispose: true, data, protocol, progress, cancellationToken);
    }

    /// <summary>Tests a detector of each seed; reports then give mean and standard deviation.</summary>
    /// <param name="build">Builds the detector of a seed; what it gives is disposed.</param>
    /// <param name="seeds">At least one.</param>
    /// <param name="data">What to test on.</param>
    /// <param name="protocol">Protocol of a seed, or <see langword="null"/>.</param>
    /// <param name="progress">Called after each batch; each seed counts from zero.</param>
    /// <param name="cancellationToken">Checked between batches and stages.</param>
    public IReadOnlyList<EvaluationRun> EvaluateSeeds(
        Func<long, IZeroShotDetector> build, IReadOnlyList<long> seeds, AnomalyDataSet data, Func<long, CrossDataSetProtocol>? protocol = null,
        IProgress<EvaluationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(build);
        ArgumentNullException.ThrowIfNull(seeds);
        var runs = new List<EvaluationRun>();
        foreach (long seed in seeds)
        {
            using var detector = build(seed);
            runs.Add(Evaluate(detector, data, protocol?.Invoke(seed), progress, cancellationToken) with { Seed = seed });
        }

        return runs;
    }

    private EvaluationRun Evaluate(
        CategoryDetector build, bool dispose, AnomalyDataSet data, CrossDataSetProtocol? protocol, IProgress<EvaluationProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(data);
        _options.Check();
        var (started, watch) = (DateTime.UtcNow, Stopwatch.StartNew());
        var work = data.Categories.Select(c => (Category: c, Samples: TestSelection.Take(c, _options.Limit))).ToList();
        if (work.Find(w => w.Samples.Count == 0) is { Category: { } empty })
        {
            throw new DataSetException(DataSetFault.Empty, empty.Path, "the category has no test images.");
        }

        int done = 0, total = work.Sum(w => w.Samples.Count);
        var results = new List<CategoryEvaluation>();
        DetectorDescription? description = null;
        foreach (var (category, samples) in work)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var detector = build(category, References(category));
            try
            {
                description ??= detector.Description;
                RefuseCrops(detector);
                var result = Category(detector, category, samples, n => progress?.Report(new(category.Key, done += n, total)), cancellationToken);
                results.Add(dispose ? result with { WeightsHash = detector.Description.WeightsHash } : result);
            }
            finally
            {
                if (dispose)
                {
                    detector.Dispose();
                }
            }
        }

        return new()
        {
            Detector = description ?? throw new DataSetException(DataSetFault.Empty, data.Path, "there is no category to test on."),
            Categories = results, DataSet = data.Name, Seed = protocol?.Seed ?? 0, Protocol = protocol?.Describe() ?? ["no protocol was given: what the weights were trained on is not known"],
            Settings = Settings(), Environment = EvaluationRun.ThisMachine(), Started = started, Elapsed = watch.Elapsed,
        };
    }

    private CategoryEvaluation Category(
        IZeroShotDetector detector, AnomalyCategory category, IReadOnlyList<AnomalySample> samples, Action<int> done, CancellationToken cancellationToken)
    {
        string className = _options.ClassName ?? category.ClassName;
        AnomalySample[] unmarked = [.. samples.Where(s => s is { IsAnomalous: true, MaskPath: null })];
        var pixels = unmarked.Length == 0 ? new PixelMetricsAccumulator(_options.Pixels) : null;
        var cases = new CaseSelection(_options.Cases);
        var outcomes = new List<ImageOutcome>();
        var (time, vanished) = (TimeSpan.Zero, 0);
        var detection = new DetectionOptions { ClassName = className, IncludeImageMap = _options.Resolution == EvaluationResolution.Image };
        foreach (var batch in DecodeAhead.Batches(samples, _reader, _options.BatchSize, cancellationToken))
        {
            long start = Stopwatch.GetTimestamp();
            var results = detector.DetectBatch([.. batch.Select(b => ImageInput.FromPixels(b.Sample.Image, b.Sample.Sample.ImagePath))], detection, cancellationToken);
            time += Stopwatch.GetElapsedTime(start) + TimeSpan.FromTicks(batch.Sum(b => b.Decode.Ticks));
            foreach (var (loaded, result) in batch.Zip(results, (b, r) => (b.Sample, r)))
            {
                var map = GaussianSmoothing.Smooth(_options.Resolution == EvaluationResolution.Image ? result.ImageMap! : result.ModelMap, _options.SmoothingSigma);
                if (pixels is not null)
                {
                    var mask = MaskResize.To(loaded.Mask!, map.Width, map.Height);
                    vanished += loaded.Mask!.Values.Contains(true) && !mask.Values.Contains(true) ? 1 : 0;
                    pixels.Add(map, mask);
                }

                var outcome = new ImageOutcome(Path.GetRelativePath(category.Path, loaded.Sample.ImagePath).Replace('\\', '/'), loaded.Sample.Defect, result.Score, map.Data.Max());
                outcomes.Add(outcome);
                cases.Offer(outcome, loaded, map);
            }

            done(batch.Count);
        }

        var measured = Summarise(category, className, outcomes, unmarked, pixels, cases, time);
        return vanished == 0 ? measured : measured with
        {
            Notes = [$"{vanished} of {measured.Defective} masks vanish at the model's resolution of {detector.Description.ImageSize} px and count as background there; compare at the image's resolution instead"],
        };
    }

    private static CategoryEvaluation Summarise(
        AnomalyCategory category, string className, List<ImageOutcome> outcomes, AnomalySample[] unmarked, PixelMetricsAccumulator? pixels, CaseSelection cases, TimeSpan time)
    {
        bool[] labels = [.. outcomes.Select(o => o.Defect is not null)];
        int defective = labels.Count(l => l);
        // One kind alone: scikit-learn would print AP and F1 of 0 or 1, which say nothing about the detector.
        var image = defective == 0 || defective == labels.Length
            ? RankingMetrics.NotAvailable(defective == 0 ? "there is no defective test image" : "there is no good test image")
            : ImageMetrics.Compute([.. outcomes.Select(o => (double)o.Score)], labels);
        var pixel = pixels is null ? PixelMetrics.NotAvailable($"{unmarked.Length} of {defective} defective images have no mask, the first is {Path.GetFileName(unmarked[0].ImagePath)}")
            : defective == 0 ? PixelMetrics.NotAvailable("there is no defective test image") : pixels.Compute();
        return new()
        {
            Key = category.Key, DataSet = category.DataSet, ClassName = className, Good = labels.Length - defective, Defective = defective,
            Metrics = EvaluationMetrics.From(image, pixel), SecondsPerImage = time.TotalSeconds / outcomes.Count, Outcomes = outcomes,
            PixelsExact = pixel.IsExact, ImageRoc = image.Roc, PixelRoc = pixel.Ranking.Roc, Pro = pixel.Pro, Cases = cases.Draw(),
        };
    }

    private IReadOnlyList<AnomalySample> References(AnomalyCategory category)
    {
        var references = category.References(_options.Shots);
        return references.Count == _options.Shots ? references : throw new DataSetException(
            DataSetFault.Empty, category.Path, $"{_options.Shots} good training images are asked for, but it has {references.Count}.");
    }

    // Model resolution takes the model's map for the whole image.
    private void RefuseCrops(IZeroShotDetector detector)
    {
        if (_options.Resolution == EvaluationResolution.Model && detector.Description.Stages.Any(s => s.Component.Contains("centre crop", StringComparison.Ordinal)))
        {
            throw new DetectorConfigurationException(["The detector crops images, so its map does not show all of them: evaluate at the image's resolution (EvaluationResolution.Image)."]);
        }
    }

    private Dictionary<string, string> Settings() => new()
    {
        ["resolution"] = _options.Resolution == EvaluationResolution.Model ? "model (masks resized)" : "image (maps resized)",
        ["smoothing_sigma"] = _options.SmoothingSigma.ToString(CultureInfo.InvariantCulture),
        ["limit"] = _options.Limit?.ToString(CultureInfo.InvariantCulture) ?? "none",
        ["shots"] = _options.Shots.ToString(CultureInfo.InvariantCulture),
        ["batch_size"] = _options.BatchSize.ToString(CultureInfo.InvariantCulture),
        ["fpr_limit"] = _options.Pixels.FprLimit.ToString(CultureInfo.InvariantCulture),
        ["class_name"] = _options.ClassName ?? "the category's own",
    };
}
