using MfpClip.Data;
using MfpClip.Files;
using MfpClip.Detection;
using MfpClip.Evaluation.Reports;

namespace MfpClip.Evaluation.Shots;

/// <summary>
/// One detector with 1, 2, 4, ... and all normal images of each category, drawn by several seeds. All rows are tested together, so that test images are
/// decoded once and features that rows share are computed once.
/// </summary>
public sealed class ShotStudy
{
    private readonly ShotStudyOptions _options;
    private readonly IReadOnlyList<Row> _rows;

    /// <param name="options">Settings.</param>
    /// <exception cref="DetectorConfigurationException">A number or a seed is wrong.</exception>
    public ShotStudy(ShotStudyOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options.Faults().ToList() is { Count: > 0 } faults ? throw new DetectorConfigurationException(faults) : options;
        // From few to many, so that each row adds to the one before. None and all are the same with every seed.
        var order = options.Shots.Order().ToList();
        _rows =
        [
            .. options.Seeds.SelectMany((seed, i) => order.Where(k => i == 0 || k is not (0 or EvaluationOptions.AllShots)).Select(k => new Row(k, seed))),
        ];
    }

    /// <summary>Runs what is missing; what is there is read.</summary>
    /// <param name="detector">Without references and calibration; it is not disposed.</param>
    /// <param name="data">What to test on.</param>
    /// <param name="protocol">Who learned from what.</param>
    /// <param name="progress">Called while references are read and after each batch.</param>
    /// <param name="cancellationToken">Checked between images, batches and stages.</param>
    /// <returns>A run a number and seed. Write it with <see cref="EvaluationReportFiles.Write"/>.</returns>
    /// <exception cref="DataSetException">A file cannot be used, or a category has fewer normal training images than requested.</exception>
    /// <exception cref="DetectorConfigurationException">The method needs references and is to run without, or the detector has references already.</exception>
    /// <exception cref="ReferenceException">A normal image cannot be read.</exception>
    /// <exception cref="ResultsException">Results that are there are damaged, or of other weights, data or settings; they stay as they are.</exception>
    public EvaluationReport Run(
        ZeroShotDetector detector, AnomalyDataSet data, CrossDataSetProtocol? protocol = null, IProgress<EvaluationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(detector);
        ArgumentNullException.ThrowIfNull(data);
        data.CheckKeys();
        Check(detector, data);
        using var held = FolderLock.Take(_options.OutputFolder);
        StudyFolder.CheckSame(_options.OutputFolder, Origin(detector), _options.Evaluation, data);
        var evaluator = new Evaluator(_options.Evaluation with { Shots = 0, ShotSeed = 0 }, _options.Decoder);
        int before = 0, total = data.Categories.Sum(c => TestSelection.Take(c, _options.Evaluation.Limit).Count);
        foreach (var category in data.Categories)
        {
            var left = _rows.Where(r => !File.Exists(Results(r, category, data))).ToList();
            if (left.Count > 0)
            {
                var shifted = progress is null ? null : new ShiftedProgress(progress, before, total);
                using var growing = new GrowingReferences(detector, _options.References, _options.Evaluation.ClassName, shifted, cancellationToken);
                var runs = evaluator.EvaluateTogether(
                    [.. left.Select(r => new EvaluationLine(r.Name, (c, references) => growing.With(c, references, r.Seed))
                    {
                        Shots = r.Shots, ShotSeed = r.Seed, Seed = r.Seed,
                    })],
                    data with { Categories = [category] }, protocol, shifted, cancellationToken);
                foreach (var (row, run) in left.Zip(runs))
                {
                    ResultsFile.Write(Path.GetDirectoryName(Results(row, category, data))!, new([Named(run, detector)]));
                }
            }

            before += TestSelection.Take(category, _options.Evaluation.Limit).Count;
        }

        return new([.. _rows.OrderBy(r => r.Shots).ThenBy(r => r.Seed).Select(r => StudyFolder.Read([.. data.Categories.Select(c => Results(r, c, data))]))]);
    }

    private static EvaluationRun Named(EvaluationRun run, ZeroShotDetector detector) => run with
    {
        Settings = new Dictionary<string, string>(run.Settings)
        {
            [ShotSeries.Setting] = detector.Description.Method, ["timing"] = "rows tested together, shared parts count once",
        },
    };

    private void Check(ZeroShotDetector detector, AnomalyDataSet data)
    {
        if (detector.References is not null || detector.Calibration is not null)
        {
            throw new DetectorConfigurationException(["The detector has references or a calibration; with shots each category has references of its own."]);
        }

        if (_options.Shots.Contains(0) && detector.NeedsReferences)
        {
            throw new DetectorConfigurationException(
                [$"{detector.Description.Method} compares with normal images and detects nothing without them: leave 0 out of the shots."]);
        }

        // Before anything is computed: a category that lacks images must not end a study that ran for hours.
        foreach (var (category, row) in data.Categories.SelectMany(c => _rows.Select(r => (c, r))))
        {
            ReferenceDraw.Take(category, row.Shots, row.Seed);
        }
    }

    private IEnumerable<string> Origin(ZeroShotDetector detector)
    {
        var (d, r) = (detector.Description, _options.References);
        return
        [
            $"method {d.Method}", $"weights {d.WeightsHash}", FormattableString.Invariant($"image size {d.ImageSize}, {d.Precision}"),
            .. d.Stages.Select(s => $"stage {s.Id} {s.Implementation} {s.Settings}"),
            FormattableString.Invariant($"references: {r with { Stages = [] }}, stages {string.Join(' ', r.Stages)}"),
        ];
    }

    private string Results(Row row, AnomalyCategory category, AnomalyDataSet data) =>
        StudyFolder.Results(Path.Combine(_options.OutputFolder, "runs", row.Folder), category, data);

    private sealed record Row(int Shots, long Seed)
    {
        public string Name => ShotSeries.Images(ReferenceDraw.Text(Shots));

        public string Folder => FormattableString.Invariant($"{ReferenceDraw.Text(Shots)}-images-seed-{Seed}");
    }
}
