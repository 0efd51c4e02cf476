using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using MfpClip.Data;
using MfpClip.Evaluation;
using MfpClip.Files;
using MfpClip.Training.Data;

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
    /// <param name="progress">Told after steps and batches.</param>
    /// <param name="cancellationToken">Stops; a training writes its checkpoint first.</param>
    /// <exception cref="ProtocolException">Auxiliary and test data overlap.</exception>
    /// <exception cref="DetectorConfigurationException">A composition is not valid.</exception>
    /// <exception cref="MfpClipException">Training, data or output fail; the message says where.</exception>
    public AblationResult Run(
        IReadOnlyList<AblationTable> tables, ITrainingData auxiliary, AnomalyDataSet test,
        IProgress<AblationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tables);
        ArgumentNullException.ThrowIfNull(auxiliary);
        ArgumentNullException.ThrowIfNull(test);
        if (options.Seeds.Count == 0 || options.Seeds.Distinct().Count() != options.Seeds.Count)
        {
            throw new TrainingException("An ablation needs at least one seed, each once.");
        }

        var protocol = CrossDataSetProtocol.Create([], test.Categories, 0, cancellationToken);
        string testHash = Hash(string.Join('\n', protocol.Test.Select(t => $"{t.DataSet}/{t.Category}:{t.Sha256}").Concat(test.Categories.Select(c => c.ClassName))));
        var work = tables.SelectMany(t => t.Rows.Select(r => (Table: t, Row: r))).SelectMany(w => options.Seeds.Select(s => (w.Table, w.Row, Seed: s))).ToList();
        var finished = new Dictionary<(string Table, string Row), List<AblationRun>>();
        for (int i = 0; i < work.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (table, row, seed) = work[i];
            var report = new RunReport(progress, row.Name, seed, i, work.Count);
            var runs = finished.TryGetValue((table.Key, row.Name), out var known) ? known : finished[(table.Key, row.Name)] = [];
            runs.Add(RunOne(row, seed, auxiliary, test, CrossDataSetProtocol.Create(auxiliary.Auxiliary, protocol.Test, seed), testHash, report, cancellationToken));
        }

        var result = new AblationResult
        {
            Tables = [.. tables.Select(t => new AblationTableResult(t.Key, t.Title, [.. t.Rows.Select(r => new AblationRowResult(r.Name, r.Paper, finished[(t.Key, r.Name)]))]))],
            Auxiliary = auxiliary.Name, Test = test.Name, Seeds = options.Seeds, Recipe = options.Recipe, Notice = options.Notice, Settings = [.. Settings()], Command = options.Command,
            // Every run has its own seed; what was trained and tested on is the same for all.
            Protocol = [.. finished.Values.SelectMany(r => r).First().Protocol.Where(l => !l.StartsWith("seed:", StringComparison.Ordinal))],
            Evaluation = string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"maps smoothed with sigma {options.Evaluation.SmoothingSigma}, compared at the {options.Evaluation.Resolution} resolution, {(options.Evaluation.Limit is { } n ? $"at most {n} images of each category" : "all test images")}"),
        };
        var figure = MaskPromptFigure.Draw(result, tables, test, options, cancellationToken);
        AblationReport.Write(options.OutputFolder, result, figure);
        return result;
    }

    private AblationRun RunOne(
        AblationRow row, long seed, ITrainingData auxiliary, AnomalyDataSet test, CrossDataSetProtocol protocol, string testHash, RunReport report, CancellationToken cancellationToken)
    {
        var detector = row.Compose(seed).Build();
        try
        {
            bool trains = detector.Pass.Trainable is not null;
            var recipe = trains ? (options.Recipe ?? detector.GetTrainable().Recipe) with { Seed = seed } : null;
            string key = Key(detector.Description, recipe, seed, trains ? auxiliary.Fingerprint : string.Empty, testHash);
            string folder = Path.Combine(options.OutputFolder, "runs", $"seed{seed}-{key[..16]}");
            string stored = Path.Combine(folder, "result.json");
            if (AblationRun.Load(stored, key) is { } done)
            {
                report.Known();
                return done;
            }

            AblationLog.Running(options.Logger, row.Name, seed, folder);
            var training = trains ? Train(detector, auxiliary, recipe!, folder, report, cancellationToken) : null;
            if (training is not null)
            {
                // Tested as users will use it: loaded from the file that the training wrote.
                detector.Dispose();
                detector = row.Compose(seed).WithModuleWeights(training.ModulesPath).Build();
            }

            var evaluation = Evaluate(detector, test, protocol, report, cancellationToken);
            var run = new AblationRun
            {
                Key = key, Seed = seed, Mean = Values(evaluation.Mean), Categories = evaluation.Categories.ToDictionary(c => c.Key, c => Values(c.Metrics), StringComparer.Ordinal),
                Losses = training is { Epochs.Count: > 0 } ? [training.Epochs[0].Loss, training.Epochs[^1].Loss] : [],
                TrainingSeconds = training is { IsComplete: false } ? training.Elapsed.TotalSeconds : training?.Epochs.Sum(e => e.Seconds) ?? 0, SecondsPerImage = evaluation.SecondsPerImage,
                Modules = training is null ? null : Path.GetRelativePath(options.OutputFolder, training.ModulesPath).Replace('\\', '/'),
                WeightsHash = detector.Description.WeightsHash, Protocol = evaluation.Protocol,
            };
            run.Save(stored);
            File.Delete(Path.Combine(folder, "checkpoint.safetensors")); // three times the modules, and of no more use
            return run;
        }
        finally
        {
            detector.Dispose();
        }
    }

    private EvaluationRun Evaluate(ZeroShotDetector detector, AnomalyDataSet test, CrossDataSetProtocol protocol, RunReport report, CancellationToken cancellationToken)
    {
        using var features = FrozenFeatures.Enter(detector, options.Training);
        return new Evaluator(options.Evaluation).Evaluate(detector, test, protocol, report, cancellationToken);
    }

    private TrainingResult Train(ZeroShotDetector detector, ITrainingData auxiliary, TrainingRecipe recipe, string folder, RunReport report, CancellationToken cancellationToken)
    {
        var given = options.Training ?? new() { OutputFolder = folder };
        return new Trainer(detector, auxiliary, given with { OutputFolder = folder, Recipe = recipe, Resume = true }).Run(report, cancellationToken);
    }

    private string Key(DetectorDescription d, TrainingRecipe? recipe, long seed, string auxiliary, string test)
    {
        return Hash(JsonSerializer.Serialize(new { d.CompositionHash, d.WeightsHash, recipe, seed, auxiliary, test, options.Training?.Modules, options.Training?.MaximumSteps, options.Evaluation }, ReflectedJson.Options));
    }

    private IEnumerable<string> Settings()
    {
        if (options.Training?.MaximumSteps is { } most)
        {
            yield return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"every training was stopped after {most} steps at the latest: a quick try, not the modules' worth");
        }

        if (options.Training?.FeatureCacheFolder is not null)
        {
            yield return "features of the frozen networks were read from disk where they were known: training seconds and s/image are mostly without those networks";
        }
    }

    private static IReadOnlyDictionary<string, double?> Values(EvaluationMetrics metrics) =>
        EvaluationMetrics.All.ToDictionary(m => m.Key, m => m.Get(metrics).Value, StringComparer.Ordinal);

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>Progress of one run, from training and from testing.</summary>
    private sealed class RunReport(IProgress<AblationProgress>? target, string row, long seed, int run, int runs) : IProgress<TrainingProgress>, IProgress<EvaluationProgress>
    {
        public void Known() => target?.Report(new(row, seed, run, runs, "known", 1));

        public void Report(TrainingProgress value) => target?.Report(new(
            row, seed, run, runs, "training", (((double)value.Epoch * value.StepsPerEpoch) + value.Step) / ((double)value.Epochs * value.StepsPerEpoch)));

        public void Report(EvaluationProgress value) => target?.Report(new(row, seed, run, runs, "testing", (double)value.Done / value.Total));
    }
}
