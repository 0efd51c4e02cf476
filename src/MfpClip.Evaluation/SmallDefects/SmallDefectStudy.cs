using System.Diagnostics;
using MfpClip.Data;
using MfpClip.Evaluation.Metrics;

namespace MfpClip.Evaluation.SmallDefects;

/// <summary>
/// How many small defects detectors find on large pictures: recall by size at one false region a picture, pixel metrics, and what it costs. Pictures are
/// those of <see cref="SmallDefectSet"/>; all detectors see the same ones.
/// </summary>
public sealed class SmallDefectStudy
{
    // One detection is short: the mean of some.
    private const int Repeats = 6;

    // References of a product are other pictures of it than those that are tested.
    private const long FirstReference = 1_000_000;

    private readonly SmallDefectStudyOptions _options;

    /// <param name="options">Settings.</param>
    /// <exception cref="DetectorConfigurationException">A number is wrong.</exception>
    public SmallDefectStudy(SmallDefectStudyOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options.Faults().ToList() is { Count: > 0 } faults ? throw new DetectorConfigurationException(faults) : options;
    }

    /// <summary>Runs all detectors on all pictures.</summary>
    /// <param name="lines">The detectors.</param>
    /// <param name="progress">Called after each picture.</param>
    /// <param name="cancellationToken">Checked between and within pictures.</param>
    /// <returns>A row a detector and size of picture.</returns>
    /// <exception cref="DetectorConfigurationException">There is no detector, two have one name, or one has references already.</exception>
    /// <exception cref="ArgumentException">A category is unknown, or a picture too small.</exception>
    public IReadOnlyList<SmallDefectFigures> Run(
        IReadOnlyList<SmallDefectLine> lines, IProgress<EvaluationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(lines);
        if (lines.Count == 0 || lines.Select(l => l.Name).Distinct().Count() < lines.Count || lines.Any(l => l.Detector.References is not null))
        {
            throw new DetectorConfigurationException(["At least one detector is needed, each of a name of its own, and none with references already."]);
        }

        int total = _options.Pictures.Count * (_options.Defective + _options.Normal), done = 0;
        var figures = new List<SmallDefectFigures>();
        foreach (var (width, height) in _options.Pictures)
        {
            var rows = lines.Select(l => new Row(l, _options.Recall)).ToList();
            var pictures = Enumerable.Range(0, _options.Defective + _options.Normal)
                .GroupBy(i => _options.Categories[i % _options.Categories.Count]).OrderBy(g => g.First());
            foreach (var category in pictures)
            {
                var detectors = rows.Select(r => Detector(r.Line, category.Key, width, height, cancellationToken)).ToList();
                try
                {
                    foreach (int number in category)
                    {
                        var picture = Render(category.Key, number, width, height, number < _options.Defective);
                        foreach (var (row, (detector, _)) in rows.Zip(detectors))
                        {
                            row.Add(detector, category.Key, picture, cancellationToken);
                        }

                        progress?.Report(new(category.Key, ++done, total));
                    }
                }
                finally
                {
                    detectors.ForEach(d => d.Owned?.Dispose());
                }
            }

            figures.AddRange(rows.Select(r => r.Finish(width, height)));
        }

        return figures;
    }

    private (ZeroShotDetector Detector, IDisposable? Owned) Detector(
        SmallDefectLine line, string category, int width, int height, CancellationToken cancellationToken)
    {
        if (!line.WithReferences)
        {
            return (line.Detector, null);
        }

        ImageInput[] references = [.. Enumerable.Range(0, _options.References).Select(i =>
            ImageInput.FromPixels(Render(category, FirstReference + i, width, height, defective: false).Image, FormattableString.Invariant($"reference {i}")))];
        var with = line.Detector.WithReferences(references, new() { ClassName = category }, cancellationToken: cancellationToken);
        return (with, with);
    }

    // Pictures of a category are of one product, so that references are of what is tested.
    private SmallDefectPicture Render(string category, long number, int width, int height, bool defective) => SmallDefectSet.Render(
        category, _options.Seed, unchecked((_options.Seed * 10_000_019L) + number),
        new() { Width = width, Height = height, Sizes = _options.DefectSizes, DefectsOfEachSize = defective ? _options.DefectsOfEachSize : 0 });

    private sealed class Row(SmallDefectLine line, DefectRecallOptions recall)
    {
        private readonly DefectRecallAccumulator _recall = new(recall);
        private readonly Dictionary<string, DefectRecallAccumulator> _products = new(StringComparer.Ordinal);
        private readonly PixelMetricsAccumulator _pixels = new(new() { MaximumExactPixels = 0 });
        private readonly List<double> _seconds = [], _processor = [], _one = [];
        private ImageTiles? _tiles;

        public SmallDefectLine Line => line;

        public void Add(ZeroShotDetector detector, string category, SmallDefectPicture picture, CancellationToken cancellationToken)
        {
            var options = new DetectionOptions { ClassName = category };
            if (_seconds.Count == 0)
            {
                Timed(Crop(picture.Image, 512)); // kernels are chosen on the first call
            }

            var (result, seconds, processor) = Timed(picture.Image);
            _seconds.Add(seconds);
            _processor.Add(processor);
            _tiles = result.Tiles;
            var one = result.Tiles is { } tiles ? Crop(picture.Image, tiles.Side) : picture.Image;
            for (int i = 0; i < Repeats && _one.Count < 3 * Repeats; i++)
            {
                _one.Add(Timed(one).Processor);
            }

            var map = result.ImageMap ?? throw new InvalidOperationException("The picture is too large for a map of its size.");
            _recall.Add(map, picture.Mask);
            if (!_products.TryGetValue(category, out var product))
            {
                _products[category] = product = new(recall);
            }

            product.Add(map, picture.Mask);
            _pixels.Add(map, picture.Mask);

            (AnomalyResult Result, double Seconds, double Processor) Timed(RgbImage image)
            {
                var input = ImageInput.FromPixels(image);
                var used = Environment.CpuUsage.TotalTime;
                long start = Stopwatch.GetTimestamp();
                var found = detector.Detect(input, options, cancellationToken);
                return (found, Stopwatch.GetElapsedTime(start).TotalSeconds, (Environment.CpuUsage.TotalTime - used).TotalSeconds);
            }
        }

        public SmallDefectFigures Finish(int width, int height)
        {
            var pixels = _pixels.Compute();
            return new()
            {
                Line = line.Name, Width = width, Height = height, Recall = _recall.Compute(), RecallAtOwnThresholds = OfProducts(),
                PixelAuroc = pixels.Ranking.Auroc, Aupro = pixels.Aupro,
                Seconds = Median(_seconds), ProcessorSeconds = _processor.Average(), ProcessorSecondsOfOne = _one.Average(),
                Tiles = _tiles is { } t ? t.Columns * t.Rows : 1, TileSide = _tiles?.Side ?? 0,
            };
        }

        private IReadOnlyList<SizeRecall> OfProducts() =>
        [
            .. _products.Values.SelectMany(p => p.Compute().Sizes).GroupBy(s => s.Size).OrderBy(g => g.Key)
                .Select(g => new SizeRecall(g.Key, g.Sum(s => s.Found), g.Sum(s => s.Count))),
        ];

        private static double Median(List<double> values)
        {
            values.Sort();
            return values[values.Count / 2];
        }

        private static RgbImage Crop(RgbImage image, int side)
        {
            int width = Math.Min(side, image.Width), height = Math.Min(side, image.Height);
            var pixels = new byte[width * height * 3];
            for (int y = 0; y < height; y++)
            {
                image.Pixels.Slice(y * image.Width * 3, width * 3).CopyTo(pixels.AsSpan(y * width * 3));
            }

            return new(width, height, pixels);
        }
    }
}
