using System.Diagnostics;
using System.Globalization;
using MfpClip.Data;
using MfpClip.Execution;
using MfpClip.Imaging;

namespace MfpClip.Evaluation;

/// <summary>Runs a detector over categories and measures what it finds.</summary>
/// <param name="options">How; <see langword="null"/>: the defaults.</param>
/// <param name="decoder">Image decoder; <see langword="null"/>: the library's. Use the detector's own where it has one.</param>
public sealed class Evaluator(EvaluationOptions? options = null, IImageDecoder? decoder = null)
{
    private readonly EvaluationOptions _options = options ?? new();
    private readonly IImageDecoder _decoder = decoder ?? new SkiaImageDecoder();
    private readonly SampleReader _reader = new(decoder ?? new SkiaImageDecoder());

    /// <summary>Tests one detector on every category. Images are decoded ahead, in parallel.</summary>
    /// <param name="detector">It is not disposed.</param>
    /// <param name="data">What to test on.</param>
    /// <param name="protocol">Who learned from what; printed into reports.</param>
    /// <param name="progress">Called after each batch.</param>
    /// <param name="cancellationToken">Checked between batches and stages.</param>
    /// <exception cref="DataSetException">A file cannot be used; names it.</exception>
    /// <exception cref="ArgumentException">
    /// Shots were requested: the detector must then be built for each category. Or <see cref="EvaluationOptions.TestedBatch"/> was, of a detector that is no
    /// <see cref="ZeroShotDetector"/> or reads images with another decoder.
    /// </exception>
    public EvaluationRun Evaluate(
        IZeroShotDetector detector, AnomalyDataSet data, CrossDataSetProtocol? protocol = null, IProgress<EvaluationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(detector);
        return _options.Shots > 0
            ? throw new ArgumentException(
                "References differ from category to category: give a function that builds the detector of a category.", nameof(detector))
            : _options.TestedBatch
            ? Evaluate((category, _) => Batched(detector, category, cancellationToken), dispose: true, data, protocol, progress, cancellationToken)
            : Evaluate((_, _) => detector, dispose: false, data, protocol, progress, cancellationToken);
    }

    /// <summary>Tests a detector that is built for each category, so that it may read normal examples of it.</summary>
    /// <param name="build">Builds it; what it gives is disposed after the category.</param>
    /// <param name="data">What to test on.</param>
    /// <param name="protocol">Who learned from what.</param>
    /// <param name="progress">Called after each batch.</param>
    /// <param name="cancellationToken">Checked between batches and stages.</param>
    /// <exception cref="DataSetException">A file cannot be used, or a category has fewer normal training images than shots.</exception>
    public EvaluationRun EvaluateEachCategory(
        CategoryDetector build, AnomalyDataSet data, CrossDataSetProtocol? protocol = null, IProgress<EvaluationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(build);
        RefuseBatch();
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

    /// <summary>
    /// Tests several detectors on the same images, batch by batch, each decoded once. Detectors that stand on the same frozen parts share what
    /// was computed of a batch: values are those of detectors tested one by one, <see cref="EvaluationRun.SecondsPerImage"/> is not.
    /// </summary>
    /// <param name="lines">At least one. Put those next to each other that share most.</param>
    /// <param name="data">What to test on.</param>
    /// <param name="protocol">Who learned from what.</param>
    /// <param name="progress">Called after each batch.</param>
    /// <param name="cancellationToken">Checked between batches and stages.</param>
    /// <returns>A run a line.</returns>
    /// <exception cref="DataSetException">A file cannot be used, or a category has fewer normal training images than shots.</exception>
    public IReadOnlyList<EvaluationRun> EvaluateTogether(
        IReadOnlyList<EvaluationLine> lines, AnomalyDataSet data, CrossDataSetProtocol? protocol = null, IProgress<EvaluationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(lines);
        RefuseBatch();
        if (lines.Count == 0)
        {
            throw new ArgumentException("There is no line to test.", nameof(lines));
        }

        using var store = new LastBatchFeatures();
        EvaluationLine[] sharing = [.. lines.Select(l => l with { Build = (category, references) => Sharing(l.Build(category, references), store) })];
        return [.. Evaluate(sharing, dispose: true, data, protocol, progress, cancellationToken).Select((run, i) => run with
        {
            Seed = lines[i].Seed,
            Settings = new Dictionary<string, string>(run.Settings)
            {
                ["line"] = lines[i].Name, ["timing"] = $"together with {lines.Count - 1} other rows, shared parts count once",
            },
        })];
    }

    private void RefuseBatch()
    {
        if (_options.TestedBatch)
        {
            throw new InvalidOperationException("EvaluationOptions.TestedBatch is of one detector: call Evaluate, or call WithTestedBatch where you build.");
        }
    }

    // The images that are tested, as they will come: an image is known by its pixels.
    private ZeroShotDetector Batched(IZeroShotDetector detector, AnomalyCategory category, CancellationToken cancellationToken) =>
        detector is not ZeroShotDetector own ? throw new ArgumentException("It has no WithTestedBatch: leave TestedBatch off.", nameof(detector))
        : own.Input.Decoder.Name != _decoder.Name ? throw new ArgumentException(
            $"It reads images with {own.Input.Decoder.Name}, the evaluator with {_decoder.Name}, which can give other pixels: give the evaluator the "
                + "detector's decoder.", nameof(detector))
        : own.WithTestedBatch(
            [.. TestSelection.Take(category, _options.Limit).Select(s => ImageInput.FromFile(s.ImagePath))], null, cancellationToken);

    // What another assembly's detector computes is its own affair.
    private static IZeroShotDetector Sharing(IZeroShotDetector built, IFeatureStore store)
    {
        if (built is not ZeroShotDetector detector)
        {
            return built;
        }

        using (detector)
        {
            return detector.WithFeatureStore(store);
        }
    }

    private EvaluationRun Evaluate(
        CategoryDetector build, bool dispose, AnomalyDataSet data, CrossDataSetProtocol? protocol, IProgress<EvaluationProgress>? progress,
        CancellationToken cancellationToken) =>
        Evaluate(
            [new EvaluationLine(string.Empty, build) { Shots = _options.Shots, ShotSeed = _options.ShotSeed }], dispose, data, protocol, progress,
            cancellationToken)[0];

    private List<EvaluationRun> Evaluate(
        IReadOnlyList<EvaluationLine> lines, bool dispose, AnomalyDataSet data, CrossDataSetProtocol? protocol, IProgress<EvaluationProgress>? progress,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(data);
        data.CheckKeys();
        _options.Check();
        var (started, watch) = (DateTime.UtcNow, Stopwatch.StartNew());
        var work = data.Categories.Select(c => (Category: c, Samples: TestSelection.Take(c, _options.Limit))).ToList();
        if (work.Find(w => w.Samples.Count == 0) is { Category: { } empty })
        {
            throw new DataSetException(DataSetFault.Empty, empty.Path, "the category has no test images.");
        }

        int done = 0, total = work.Sum(w => w.Samples.Count);
        var results = lines.Select(_ => new List<CategoryEvaluation>()).ToList();
        var descriptions = new DetectorDescription[lines.Count];
        foreach (var (category, samples) in work)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var detectors = new List<IZeroShotDetector>();
            var references = lines.Select(l => ReferenceDraw.Take(category, l.Shots, l.ShotSeed)).ToList();
            try
            {
                foreach (var (line, drawn) in lines.Zip(references))
                {
                    var detector = line.Build(category, drawn);
                    detectors.Add(detector);
                    descriptions[detectors.Count - 1] ??= detector.Description;
                    RefuseCrops(detector);
                }

                var measured = Category(detectors, category, samples, n => progress?.Report(new(category.Key, done += n, total)), cancellationToken);
                for (int i = 0; i < measured.Count; i++)
                {
                    results[i].Add(measured[i] with
                    {
                        WeightsHash = dispose ? detectors[i].Description.WeightsHash : null,
                        References = [.. references[i].Select(r => ReferenceDraw.Name(category, r))],
                    });
                }
            }
            finally
            {
                if (dispose)
                {
                    detectors.ForEach(d => d.Dispose());
                }
            }
        }

        return [.. results.Select((categories, i) => new EvaluationRun
        {
            Detector = descriptions[i] ?? throw new DataSetException(DataSetFault.Empty, data.Path, "there is no category to test on."),
            Categories = categories, DataSet = data.Name, Seed = protocol?.Seed ?? 0,
            Protocol = TrainingSource.Protocol(descriptions[i], protocol), TrainedOn = TrainingSource.Categories(descriptions[i], protocol),
            Settings = Settings(lines[i]), Environment = EvaluationRun.EnvironmentInfo(), Started = started, Elapsed = watch.Elapsed,
        })];
    }

    private List<CategoryEvaluation> Category(
        List<IZeroShotDetector> detectors, AnomalyCategory category, IReadOnlyList<AnomalySample> samples, Action<int> done,
        CancellationToken cancellationToken)
    {
        string className = _options.ClassName ?? category.ClassName;
        var measurements = detectors.Select(_ => new CategoryMeasurement(_options, category, samples)).ToList();
        var unreadable = new List<string>();
        var detection = new DetectionOptions { ClassName = className, IncludeImageMap = _options.Resolution == EvaluationResolution.Image };
        foreach (var batch in DecodeAhead.Batches(samples, _reader, _options.BatchSize, cancellationToken))
        {
            var decoding = TimeSpan.FromTicks(batch.Sum(b => b.Decode.Ticks));
            LoadedSample[] loaded = [.. batch.Select(b => b.Sample).OfType<LoadedSample>()];
            unreadable.AddRange(batch.Select(b => b.Error).OfType<DataSetException>().Select(e => e.Message));
            var images = loaded.Select(l => ImageInput.FromPixels(l.Image, l.Sample.ImagePath)).ToList();
            foreach (var (detector, measurement) in detectors.Zip(measurements))
            {
                long start = Stopwatch.GetTimestamp();
                var results = images.Count == 0 ? [] : detector.DetectBatch(images, detection, cancellationToken);
                measurement.Add(loaded, results, Stopwatch.GetElapsedTime(start) + decoding);
            }

            done(batch.Count);
        }

        return unreadable.Count == samples.Count
            ? throw new DataSetException(DataSetFault.UnreadableImage, category.Path, $"none of its {samples.Count} test images can be read: {unreadable[0]}")
            : [.. measurements.Select((m, i) => m.Summarise(className, detectors[i].Description.ImageSize) with { Unreadable = unreadable })];
    }

    // Model resolution takes the model's map for the whole image.
    private void RefuseCrops(IZeroShotDetector detector)
    {
        if (_options.Resolution == EvaluationResolution.Model && !detector.Description.CoversWholeImage)
        {
            throw new DetectorConfigurationException(
                ["The detector crops images, so its map does not show all of them: evaluate at the image's resolution (EvaluationResolution.Image)."]);
        }
    }

    private Dictionary<string, string> Settings(EvaluationLine line) => new()
    {
        ["resolution"] = _options.Resolution == EvaluationResolution.Model ? "model (masks resized)" : "image (maps resized)",
        ["smoothing_sigma"] = _options.SmoothingSigma.ToString(CultureInfo.InvariantCulture),
        ["limit"] = _options.Limit?.ToString(CultureInfo.InvariantCulture) ?? "none",
        ["shots"] = ReferenceDraw.Text(line.Shots),
        ["tested_batch"] = _options.TestedBatch ? "the tested images are compared with one another" : "no",
        [ReferenceDraw.SeedSetting] = line.ShotSeed.ToString(CultureInfo.InvariantCulture),
        ["batch_size"] = _options.BatchSize.ToString(CultureInfo.InvariantCulture),
        ["fpr_limit"] = _options.Pixels.FprLimit.ToString(CultureInfo.InvariantCulture),
        ["class_name"] = _options.ClassName ?? "the category's own",
    };
}
