using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using MfpClip.Data;
using MfpClip.Evaluation;
using MfpClip.Files;
using MfpClip.Imaging;
using MfpClip.Training.Data;

namespace MfpClip.Training.Comparison;

/// <summary>
/// The paper's Table 1: trains every method that has something to train on the same auxiliary data, tests all under one protocol, times
/// them, and prints them side by side. A comparison that was interrupted goes on; finished runs are never run again.
/// </summary>
/// <param name="options">Settings.</param>
public sealed class MethodComparison(ComparisonOptions options)
{
    /// <summary>Runs everything that is not finished and writes <c>comparison.md</c>, <c>.csv</c>, <c>.json</c> and <c>.html</c>.</summary>
    /// <param name="methods">Methods in the order of the table.</param>
    /// <param name="auxiliary">What is trained on.</param>
    /// <param name="test">What is tested on.</param>
    /// <param name="progress">Told after steps and batches.</param>
    /// <param name="cancellationToken">Stops; a training writes its checkpoint first.</param>
    /// <exception cref="ProtocolException">Auxiliary and test data overlap.</exception>
    /// <exception cref="MfpClipException">Training, data or output fail; the message says where. A method that cannot be composed fails alone.</exception>
    public ComparisonResult Run(
        IReadOnlyList<ComparedMethod> methods, ITrainingData auxiliary, AnomalyDataSet test,
        IProgress<ComparisonProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(methods);
        ArgumentNullException.ThrowIfNull(auxiliary);
        ArgumentNullException.ThrowIfNull(test);
        Check(methods);
        List<CategoryFingerprint> tested = [.. test.Categories.Select(c => CategoryFingerprint.Of(c, cancellationToken))];
        var protocol = CrossDataSetProtocol.Create(auxiliary.Auxiliary, tested, options.Seeds[0]);
        var data = new TestData(test, Hash(string.Join('|', tested.Zip(test.Categories, (f, c) => f.Sha256 + c.ClassName))), TimedImages(test));
        var results = new List<MethodResult>();
        for (int m = 0; m < methods.Count; m++)
        {
            var runs = new List<ComparisonRun>();
            try
            {
                for (int s = 0; s < options.Seeds.Count; s++)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    var report = new RunReport(progress, methods[m].Name, options.Seeds[s], (m * options.Seeds.Count) + s, methods.Count * options.Seeds.Count);
                    runs.Add(RunOne(methods[m], options.Seeds[s], auxiliary, tested, data, report, cancellationToken));
                    if (runs[^1].TrainedValues == 0)
                    {
                        break; // nothing in it depends on the seed
                    }
                }

                results.Add(new(methods[m], runs));
            }
            catch (DetectorConfigurationException e) when (runs.Count == 0)
            {
                ComparisonLog.NotComposed(options.Logger, methods[m].Name, e.Message);
                results.Add(new(methods[m], [], string.Join(" ", e.Faults)));
            }
        }

        var result = new ComparisonResult
        {
            Methods = results, DataSets = [.. test.Categories.Select(c => c.DataSet).Distinct()], Auxiliary = auxiliary.Name,
            Test = string.Create(CultureInfo.InvariantCulture, $"{string.Join(", ", test.Categories.Select(c => c.Key))} ({test.Categories.Sum(c => c.Test.Count())} images{(options.Evaluation.Limit is { } l ? $", at most {l} of each category" : string.Empty)})"),
            Seeds = options.Seeds, Protocol = protocol.Describe(), Settings = Settings(), Notice = options.Notice, Command = options.Command,
        };
        ComparisonReport.Write(options.OutputFolder, result);
        return result;
    }

    private ComparisonRun RunOne(
        ComparedMethod method, long seed, ITrainingData auxiliary, IReadOnlyList<CategoryFingerprint> tested, TestData data, RunReport report, CancellationToken cancellationToken)
    {
        var detector = method.Compose(seed).Build();
        try
        {
            var trainable = detector.Pass.Trainable;
            var recipe = trainable is null ? null : (options.Recipe?.Invoke(trainable.Recipe) ?? trainable.Recipe) with { Seed = seed };
            long values = trainable?.TrainedWeights.Sum(w => w.Value.numel()) ?? 0;
            string key = Key(detector.Description, recipe, trainable is null ? string.Empty : auxiliary.Fingerprint, data.Hash);
            string folder = Path.Combine(options.OutputFolder, "runs", $"{method.Key}-seed{seed}-{key[..12]}");
            string stored = Path.Combine(folder, "result.json");
            if (ComparisonRun.Load(stored, key) is { } done)
            {
                report.Phase("known", 1);
                return done;
            }

            ComparisonLog.Running(options.Logger, method.Name, seed, folder);
            Directory.CreateDirectory(folder);
            var (training, memory) = recipe is null ? (null, null) : Train(detector, auxiliary, recipe, folder, report, cancellationToken);
            if (training is not null)
            {
                // Tested as users will use it: loaded from the file that the training wrote.
                detector.Dispose();
                detector = method.Compose(seed).WithModuleWeights(training.ModulesPath).Build();
            }

            var (latency, peak) = Time(detector, data.Timed, report, cancellationToken);
            var protocol = CrossDataSetProtocol.Create(recipe is null ? [] : auxiliary.Auxiliary, tested, seed);
            var evaluation = Evaluate(detector, data.Set, protocol, report, cancellationToken);
            var run = new ComparisonRun
            {
                Key = key, Seed = seed, Mean = Values(evaluation.Mean),
                DataSets = evaluation.Categories.GroupBy(c => c.DataSet).ToDictionary(g => g.Key, g => Values(EvaluationMetrics.Mean([.. g.Select(c => c.Metrics)])), StringComparer.Ordinal),
                Categories = evaluation.Categories.ToDictionary(c => c.Key, c => Values(c.Metrics), StringComparer.Ordinal),
                TrainedValues = values, Recipe = recipe,
                Losses = training is { Epochs.Count: > 0 } ? [training.Epochs[0].Loss, training.Epochs[^1].Loss] : [],
                TrainingSeconds = training is { IsComplete: false } ? training.Elapsed.TotalSeconds : training?.Epochs.Sum(e => e.Seconds) ?? 0, TrainingMemory = memory, Latency = latency, DetectionMemory = peak,
                ImageSize = detector.Description.ImageSize, WeightsHash = detector.Description.WeightsHash, Protocol = evaluation.Protocol, Environment = evaluation.Environment,
                Modules = training is null ? null : Path.GetRelativePath(options.OutputFolder, training.ModulesPath).Replace('\\', '/'),
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

    private (TrainingResult, long?) Train(
        ZeroShotDetector detector, ITrainingData auxiliary, TrainingRecipe recipe, string folder, RunReport report, CancellationToken cancellationToken)
    {
        using var memory = new PeakMemory();
        var given = options.Training ?? new() { OutputFolder = folder };
        var result = new Trainer(detector, auxiliary, given with { OutputFolder = folder, Recipe = recipe, Resume = true }).Run(report, cancellationToken);
        return (result, memory.Bytes);
    }

    // Latency was measured before: what is read from disk here does not make a method look fast.
    private EvaluationRun Evaluate(ZeroShotDetector detector, AnomalyDataSet test, CrossDataSetProtocol protocol, RunReport report, CancellationToken cancellationToken)
    {
        using var features = FrozenFeatures.Enter(detector, options.Training);
        return new Evaluator(options.Evaluation).Evaluate(detector, test, protocol, report, cancellationToken);
    }

    private static (Latency, long?) Time(ZeroShotDetector detector, IReadOnlyList<(RgbImage, string)> images, RunReport report, CancellationToken cancellationToken)
    {
        using var memory = new PeakMemory();
        var latency = LatencyMeasurement.Measure(detector, images, share => report.Phase("timing", share), cancellationToken);
        return (latency, memory.Bytes);
    }

    // The same images for every method, spread over the categories.
    private List<(RgbImage, string)> TimedImages(AnomalyDataSet test)
    {
        var reader = new SampleReader(new SkiaImageDecoder());
        var all = test.Categories.SelectMany(c => c.Test.Take(Math.Max(options.LatencyImages / test.Categories.Count, 1)).Select(s => (Sample: s, c.ClassName)));
        return [.. all.Take(options.LatencyImages).Select(s => (reader.Load(s.Sample).Image, s.ClassName))];
    }

    private void Check(IReadOnlyList<ComparedMethod> methods)
    {
        if (options.Seeds.Count == 0 || options.Seeds.Distinct().Count() != options.Seeds.Count)
        {
            throw new TrainingException("A comparison needs at least one seed, each once.");
        }

        if (methods.Count == 0 || methods.Select(m => m.Key).Distinct(StringComparer.Ordinal).Count() != methods.Count)
        {
            throw new TrainingException("A comparison needs at least one method, each with a key of its own.");
        }

        if (methods.FirstOrDefault(m => m.Key.Length == 0 || m.Key.AsSpan().ContainsAny(Path.GetInvalidFileNameChars())) is { } method)
        {
            throw new TrainingException($"The key '{method.Key}' of the method {method.Name} cannot be the name of a folder.");
        }

        if (options.LatencyImages < 1)
        {
            throw new TrainingException($"{nameof(ComparisonOptions.LatencyImages)} is {options.LatencyImages}; at least one image must be timed.");
        }
    }

    private string Key(DetectorDescription d, TrainingRecipe? recipe, string auxiliary, string test)
    {
        return Hash(JsonSerializer.Serialize(new { d.CompositionHash, d.WeightsHash, recipe, auxiliary, test, options.Training?.Modules, options.Training?.MaximumSteps, options.Evaluation }, ReflectedJson.Options));
    }

    private List<string> Settings() =>
    [
        .. options.Training?.MaximumSteps is { } most ? new[] { string.Create(CultureInfo.InvariantCulture, $"every training was stopped after {most} steps: a quick try, not the methods' worth") } : [],
        .. options.Training?.FeatureCacheFolder is not null ? new[] { "features of the frozen networks were read from disk where they were known: training seconds are mostly without those networks; latency is with them" } : [],
        string.Create(CultureInfo.InvariantCulture, $"evaluation at the {options.Evaluation.Resolution.ToString().ToLowerInvariant()}'s resolution, smoothing {options.Evaluation.SmoothingSigma}, batches of {options.Evaluation.BatchSize}"),
        string.Create(CultureInfo.InvariantCulture, $"latency of {options.LatencyImages} images at most, one at a time, from decoded pixels to the result; memory is the largest resident size of the process in that phase"),
    ];

    private static IReadOnlyDictionary<string, double?> Values(EvaluationMetrics metrics) =>
        EvaluationMetrics.All.ToDictionary(m => m.Key, m => m.Get(metrics).Value, StringComparer.Ordinal);

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>What is tested on, a hash of it, and the images that are timed.</summary>
    private sealed record TestData(AnomalyDataSet Set, string Hash, IReadOnlyList<(RgbImage, string)> Timed);

    /// <summary>Progress of one run, from training and from testing.</summary>
    private sealed class RunReport(IProgress<ComparisonProgress>? target, string method, long seed, int run, int runs) : IProgress<TrainingProgress>, IProgress<EvaluationProgress>
    {
        public void Phase(string phase, double share) => target?.Report(new(method, seed, run, runs, phase, share));

        public void Report(TrainingProgress value) => Phase("training", (((double)value.Epoch * value.StepsPerEpoch) + value.Step) / ((double)value.Epochs * value.StepsPerEpoch));

        public void Report(EvaluationProgress value) => Phase("testing", (double)value.Done / value.Total);
    }
}
