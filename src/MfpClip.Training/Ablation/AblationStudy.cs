using MfpClip.Data;
using MfpClip.Files;
using MfpClip.Objectives;
using MfpClip.Training.Data;
using MfpClip.Training.Studies;

namespace MfpClip.Training.Ablation;

/// <summary>
/// Trains and tests every line of some tables with every seed, under one protocol, and prints them as the paper does. Lines are builder
/// compositions: add your own beside <see cref="PaperTables"/>. A study that was interrupted goes on; finished runs are never run again, and
/// a composition that stands in several tables runs once.
/// </summary>
/// <param name="options">Settings.</param>
public sealed class AblationStudy(AblationOptions options)
{
    /// <summary>Runs everything that is not finished and writes <c>ablation.md</c>, <c>.csv</c>, <c>.json</c> and <c>.html</c>.</summary>
    /// <param name="tables">Tables, for example <see cref="PaperTables.All"/>.</param>
    /// <param name="auxiliary">What is trained on.</param>
    /// <param name="test">What is tested on.</param>
    /// <param name="progress">Called after steps and batches.</param>
    /// <param name="cancellationToken">Stops; a training writes its checkpoint first.</param>
    /// <exception cref="ProtocolException">Auxiliary and test data overlap.</exception>
    /// <exception cref="DataSetException">Test categories share a key.</exception>
    /// <exception cref="DetectorConfigurationException">A composition is not valid.</exception>
    /// <exception cref="MfpClipException">Training, data or output fail; the message says where.</exception>
    public AblationResult Run(
        IReadOnlyList<AblationTable> tables, ITrainingData auxiliary, AnomalyDataSet test,
        IProgress<AblationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tables);
        ArgumentNullException.ThrowIfNull(auxiliary);
        ArgumentNullException.ThrowIfNull(test);
        test.CheckKeys(); // before anything is trained: results are kept by key
        StudyWork.CheckSeeds(options.Seeds, "An ablation");
        using var held = FolderLock.Take(options.OutputFolder);
        var protocol = CrossDataSetProtocol.Create([], test.Categories, 0, cancellationToken);
        string testHash = TextHash.Of(
            string.Join('\n', protocol.Test.Select(t => $"{t.DataSet}/{t.Category}:{t.Sha256}").Concat(test.Categories.Select(c => c.ClassName))));
        var work = tables.SelectMany(t => t.Rows.Select(r => (Table: t, Row: r)))
            .SelectMany(w => options.Seeds.Select(s => (w.Table, w.Row, Seed: s))).ToList();
        var finished = new Dictionary<(string Table, string Row), List<AblationRun>>();
        for (int i = 0; i < work.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (table, row, seed) = work[i];
            var runs = finished.TryGetValue((table.Key, row.Name), out var known) ? known : finished[(table.Key, row.Name)] = [];
            var report = new StudyProgress(
                (phase, share, images) => progress?.Report(new(row.Name, seed, i, work.Count, phase, share) { Images = images }));
            var both = CrossDataSetProtocol.Create(auxiliary.Auxiliary, protocol.Test, seed);
            runs.Add(RunOne(row, seed, auxiliary, test, both, testHash, report, cancellationToken));
        }

        var result = new AblationResult
        {
            Tables = [.. tables.Select(
                t => new AblationTableResult(t.Key, t.Title, [.. t.Rows.Select(r => new AblationRowResult(r.Name, r.Paper, finished[(t.Key, r.Name)]))]))],
            Auxiliary = auxiliary.Name, Test = test.Name, Seeds = options.Seeds, Recipe = options.Recipe, Notice = options.Notice, Settings = [.. Settings()],
            Command = options.Command,
            // Every run has its own seed; what was trained and tested on is the same for all.
            Protocol = [.. finished.Values.SelectMany(r => r).First().Protocol.Where(l => !l.StartsWith("seed:", StringComparison.Ordinal))],
            Evaluation = string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"maps smoothed with sigma {options.Evaluation.SmoothingSigma}, compared at the {options.Evaluation.Resolution} resolution, "
                    + $"{(options.Evaluation.Limit is { } n ? $"at most {n} images of each category" : "all test images")}"),
        };
        var figure = MaskPromptFigure.Draw(result, tables, test, options, cancellationToken);
        AblationReport.Write(options.OutputFolder, result, figure);
        return result;
    }

    private AblationRun RunOne(
        AblationRow row, long seed, ITrainingData auxiliary, AnomalyDataSet test, CrossDataSetProtocol protocol, string testHash, StudyProgress progress,
        CancellationToken cancellationToken)
    {
        var runner = new StudyRunner<AblationRun>(options.OutputFolder, options.Training, options.Evaluation, options.Decoder);
        var work = new StudyWork
        {
            Seed = seed, Compose = () => row.Compose(seed), Recipe = own => options.Recipe ?? own, FolderName = key => $"seed{seed}-{key[..16]}",
            Identity = (d, recipe) => Identity(d, recipe, seed, recipe is null ? string.Empty : auxiliary.Fingerprint, testHash),
            Starting = folder => StudyLog.Ablating(options.Logger, row.Name, seed, folder),
        };
        return runner.Run(work, auxiliary, c => Test(c), progress, cancellationToken);

        AblationRun Test(TrainedComposition composition)
        {
            var evaluation = runner.Evaluate(composition.Detector, test, protocol, progress, cancellationToken);
            return new()
            {
                Key = composition.Key, Seed = seed, Mean = StudyWork.Values(evaluation.Mean),
                Categories = evaluation.Categories.ToDictionary(c => c.Key, c => StudyWork.Values(c.Metrics), StringComparer.Ordinal),
                Losses = composition.Losses, TrainingSeconds = composition.TrainingSeconds, SecondsPerImage = evaluation.SecondsPerImage,
                Modules = composition.Modules, WeightsHash = composition.Detector.Description.WeightsHash,
                Protocol = [.. evaluation.Protocol, .. evaluation.Notes],
                DetectorRecipe = composition.Detector.Description.Recipe,
            };
        }
    }

    // Names and order stand in the keys of results that are kept: a change would run every study again.
    private object Identity(DetectorDescription d, TrainingRecipe? recipe, long seed, string auxiliary, string test) => new
    {
        d.CompositionHash, d.WeightsHash, recipe, seed, auxiliary, test, options.Training?.Modules, options.Training?.MaximumSteps, options.Evaluation,
    };

    private IEnumerable<string> Settings()
    {
        if (options.Training?.MaximumSteps is { } most)
        {
            yield return string.Create(System.Globalization.CultureInfo.InvariantCulture,
                $"every training was stopped after {most} steps at the latest: a quick try, not the modules' worth");
        }

        if (options.Training?.FeatureCacheFolder is not null)
        {
            yield return "features of the frozen networks were read from disk where they were known: training seconds and s/image are mostly "
                + "without those networks";
        }
    }
}
