using MfpClip.Data;
using MfpClip.Evaluation.Reports;
using MfpClip.Files;

namespace MfpClip.Evaluation.Baselines;

/// <summary>Settings of a study of baselines.</summary>
public sealed record BaselineStudyOptions
{
    /// <summary>Folder for runs and tables. A study started again with it goes on: lines that are there are not run again.</summary>
    public required string OutputFolder { get; init; }

    /// <summary>Numbers of reference images.</summary>
    /// <value>Default 1, 2, 4, 8.</value>
    public IReadOnlyList<int> Shots { get; init; } = [1, 2, 4, 8];

    /// <summary>Keys of the lines to run, see <see cref="BaselineStudy.Lines"/>; empty: all.</summary>
    public IReadOnlyList<string> Lines { get; init; } = [];

    /// <summary>How lines are judged. Shots are the study's own.</summary>
    /// <value>Default: at the images' resolution, pixels counted in bins (see docs/evaluation.md), no images.</value>
    public EvaluationOptions Evaluation { get; init; } = new() { Cases = 0, Pixels = new() { MaximumExactPixels = 1 } };

    /// <summary>Image decoder; <see langword="null"/>: the library's.</summary>
    public IImageDecoder? Decoder { get; init; }
}

/// <summary>
/// One table of what a model must beat and what its parts are worth: random scores, classical statistics, self-comparison, the model with modules
/// off, zero-shot, and with normal images beside it. Nothing is trained.
/// </summary>
public sealed class BaselineStudy
{
    private const string NoModel = "no-model";

    private readonly BaselineStudyOptions _options;
    private readonly BaselineLines _lines;
    private readonly HashSet<string> _wanted;

    /// <param name="options">Settings.</param>
    /// <exception cref="DetectorConfigurationException">A line or a number of images is unknown or wrong.</exception>
    public BaselineStudy(BaselineStudyOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Shots.Any(k => k < 1) || options.Shots.Distinct().Count() < options.Shots.Count)
        {
            throw new DetectorConfigurationException(
                [$"The numbers of reference images are {string.Join(", ", options.Shots)}; each must be at least 1 and named once."]);
        }

        (_options, _lines) = (options, new(options.Shots));
        var unknown = options.Lines.Except(Lines).ToList();
        _wanted = unknown.Count > 0
            ? throw new DetectorConfigurationException([$"There is no line {string.Join(", ", unknown)}; choose {string.Join(", ", Lines)}."])
            : [.. options.Lines.Count == 0 ? Lines : options.Lines];
    }

    /// <summary>Keys of all lines, in the order of the table.</summary>
    public IReadOnlyList<string> Lines => [.. _lines.All.Select(l => l.Key)];

    /// <summary>Runs what is missing and writes <c>baselines.md</c> of everything that is there.</summary>
    /// <param name="models">Trainings of one model; lines give mean and standard deviation over them.</param>
    /// <param name="data">What to test on.</param>
    /// <param name="protocol">Who learned from what.</param>
    /// <param name="progress">Called after each batch; counts from scratch for each model.</param>
    /// <param name="cancellationToken">Checked between batches and stages.</param>
    /// <returns>Path of the tables.</returns>
    /// <exception cref="DataSetException">A file cannot be used, or a category has fewer normal training images than requested.</exception>
    /// <exception cref="ResultsException">Results that are there are damaged, or of other weights, data or settings; they stay as they are.</exception>
    public string Run(
        IReadOnlyList<BaselineModel> models, AnomalyDataSet data, CrossDataSetProtocol? protocol = null, IProgress<EvaluationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(models);
        ArgumentNullException.ThrowIfNull(data);
        data.CheckKeys();
        if (models.Select(m => m.Name).Append(NoModel).Distinct(StringComparer.OrdinalIgnoreCase).Count() <= models.Count)
        {
            throw new DetectorConfigurationException(
                [$"The models are named {string.Join(", ", models.Select(m => m.Name))}; every name must differ, for it is their folder."]);
        }

        using var held = FolderLock.Take(_options.OutputFolder);
        var missing = Missing(null, data);
        Keep(null, BaselineLines.WithoutModel(missing), missing, data, protocol, progress, cancellationToken);
        foreach (var model in models)
        {
            var owned = new List<IDisposable>();
            try
            {
                missing = Missing(model, data);
                Keep(model, missing.Count == 0 ? [] : _lines.Of(model, missing, owned), missing, data, protocol, progress, cancellationToken);
            }
            finally
            {
                owned.ForEach(o => o.Dispose());
            }
        }

        return BaselineReport.Write(_options.OutputFolder, [
            .. _lines.All.Select(l => (l.Title, Runs: Found(l.Key, l.ReadsModel ? [.. models] : [null], data))).Where(l => l.Runs.Count > 0)]);
    }

    // Category by category, so that a study that breaks off loses one at most.
    private void Keep(
        BaselineModel? model, IReadOnlyList<(string Key, EvaluationLine Line)> lines, HashSet<string> missing, AnomalyDataSet data,
        CrossDataSetProtocol? protocol,
        IProgress<EvaluationProgress>? progress, CancellationToken cancellationToken)
    {
        if (missing.Count == 0)
        {
            return;
        }

        CheckSame(model, data);
        var evaluator = new Evaluator(_options.Evaluation with { Shots = 0 }, _options.Decoder);
        int before = 0, total = data.Categories.Sum(c => TestSelection.Take(c, _options.Evaluation.Limit).Count);
        foreach (var category in data.Categories)
        {
            var left = lines.Where(l => !File.Exists(Results(model, l.Key, category, data))).ToList();
            if (left.Count > 0)
            {
                var runs = evaluator.EvaluateTogether(
                    [.. left.Select(l => l.Line)], data with { Categories = [category] }, protocol,
                    progress is null ? null : new ShiftedProgress(progress, before, total), cancellationToken);
                foreach (var (line, run) in left.Zip(runs))
                {
                    EvaluationReportFiles.Write(Path.GetDirectoryName(Results(model, line.Key, category, data))!, new([run]));
                }
            }

            before += TestSelection.Take(category, _options.Evaluation.Limit).Count;
        }
    }

    private HashSet<string> Missing(BaselineModel? model, AnomalyDataSet data) =>
        [.. _lines.All.Where(l => l.ReadsModel == model is not null && _wanted.Contains(l.Key)
            && data.Categories.Any(c => !File.Exists(Results(model, l.Key, c, data)))).Select(l => l.Key)];

    private void CheckSame(BaselineModel? model, AnomalyDataSet data)
    {
        string weights = "none";
        if (model is not null)
        {
            using var detector = model.Compose().Build();
            weights = detector.Description.WeightsHash;
        }

        StudyFolder.CheckSame(Path.Combine(_options.OutputFolder, model?.Name ?? NoModel), [$"weights {weights}"], _options.Evaluation, data);
    }

    private IReadOnlyList<EvaluationRun> Found(string key, BaselineModel?[] models, AnomalyDataSet data)
    {
        var found = new List<EvaluationRun>();
        foreach (var model in models)
        {
            var files = data.Categories.Select(c => Results(model, key, c, data)).ToList();
            if (files.TrueForAll(File.Exists))
            {
                found.Add(StudyFolder.Read(files));
            }
        }

        return found;
    }

    private string Results(BaselineModel? model, string key, AnomalyCategory category, AnomalyDataSet data) =>
        StudyFolder.Results(Path.Combine(_options.OutputFolder, model?.Name ?? NoModel, key), category, data);
}
