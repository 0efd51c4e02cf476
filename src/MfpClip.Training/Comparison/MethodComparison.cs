using System.Diagnostics;
using System.Globalization;
using MfpClip.Data;
using MfpClip.Detection;
using MfpClip.Diagnostics;
using MfpClip.Evaluation;
using MfpClip.Files;
using MfpClip.Imaging;
using MfpClip.Objectives;
using MfpClip.Training.Data;
using MfpClip.Training.Studies;

namespace MfpClip.Training.Comparison;

/// <summary>
/// The paper's Table 1: trains every method that has something to train on the same auxiliary data, tests all under one protocol, times
/// them, and prints them in one table. A comparison that was interrupted goes on; finished runs are never run again.
/// </summary>
/// <param name="options">Settings.</param>
public sealed class MethodComparison(ComparisonOptions options)
{
    /// <summary>Runs everything that is not finished and writes <c>comparison.md</c>, <c>.csv</c>, <c>.json</c> and <c>.html</c>.</summary>
    /// <param name="methods">Methods in the order of the table.</param>
    /// <param name="auxiliary">What is trained on.</param>
    /// <param name="test">What is tested on.</param>
    /// <param name="progress">Called after steps and batches.</param>
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
        test.CheckKeys(); // before anything is trained: results are kept by key
        Check(methods);
        using var held = FolderLock.Take(options.OutputFolder);
        List<CategoryFingerprint> tested = [.. test.Categories.Select(c => CategoryFingerprint.Of(c, cancellationToken))];
        var protocol = CrossDataSetProtocol.Create(auxiliary.Auxiliary, tested, options.Seeds[0]);
        var data = new TestData(test, TextHash.Of(string.Join('|', tested.Zip(test.Categories, (f, c) => f.Sha256 + c.ClassName))), TimedImages(test));
        var results = new List<MethodResult>();
        for (int m = 0; m < methods.Count; m++)
        {
            var runs = new List<ComparisonRun>();
            try
            {
                for (int s = 0; s < options.Seeds.Count; s++)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    var (method, seed, run) = (methods[m].Name, options.Seeds[s], (m * options.Seeds.Count) + s);
                    var report = new StudyProgress(
                        (phase, share, images) => progress?.Report(new(method, seed, run, methods.Count * options.Seeds.Count, phase, share)
                        {
                            Images = images,
                        }));
                    runs.Add(RunOne(methods[m], seed, auxiliary, tested, data, report, cancellationToken));
                    if (runs[^1].TrainedValues == 0)
                    {
                        break; // nothing in it depends on the seed
                    }
                }

                results.Add(new(methods[m], runs));
            }
            catch (DetectorConfigurationException e) when (runs.Count == 0)
            {
                StudyLog.NotComposed(options.Logger, methods[m].Name, e.Message);
                results.Add(new(methods[m], [], string.Join(" ", e.Faults)));
            }
        }

        var result = new ComparisonResult
        {
            Methods = results, DataSets = [.. test.Categories.Select(c => c.DataSet).Distinct()], Auxiliary = auxiliary.Name,
            Test = string.Create(CultureInfo.InvariantCulture,
                $"{string.Join(", ", test.Categories.Select(c => c.Key))} ({test.Categories.Sum(c => c.Test.Count())} "
                + $"images{(options.Evaluation.Limit is { } l ? $", at most {l} of each category" : string.Empty)})"),
            Seeds = options.Seeds,
            // Notes of the tests stand after the lines of the protocol.
            Protocol = [.. protocol.Describe(), .. results.SelectMany(r => r.Runs).SelectMany(r => r.Protocol.Skip(protocol.Describe().Count)).Distinct()],
            Settings = Settings(), Notice = options.Notice, Command = options.Command,
        };
        ComparisonReport.Write(options.OutputFolder, result);
        return result;
    }

    private ComparisonRun RunOne(
        ComparedMethod method, long seed, ITrainingData auxiliary, IReadOnlyList<CategoryFingerprint> tested, TestData data, StudyProgress progress,
        CancellationToken cancellationToken)
    {
        var runner = new StudyRunner<ComparisonRun>(options.OutputFolder, options.Training, options.Evaluation, options.Decoder);
        var work = new StudyWork
        {
            Seed = seed, Compose = () => method.Compose(seed), Recipe = own => options.Recipe?.Invoke(own) ?? own,
            FolderName = key => $"{method.Key}-seed{seed}-{key[..12]}",
            Identity = (d, recipe) => Identity(
                d, recipe, recipe is null ? string.Empty : auxiliary.Fingerprint,
                NeedsReferences(d) ? $"{data.Hash}, {options.Shots} normal images" : data.Hash),
            Starting = folder => StudyLog.Comparing(options.Logger, method.Name, seed, folder),
        };
        return runner.Run(work, auxiliary, c => Test(c), progress, cancellationToken);

        ComparisonRun Test(TrainedComposition composition)
        {
            // Latency first: what the evaluation reads from disk does not make a method look fast.
            var detector = composition.Detector;
            int shots = detector.NeedsReferences && detector.References is null ? options.Shots : 0;
            var (fitted, fitSeconds, fitMemory) = Fit(detector, shots, data.Set, cancellationToken);
            using var referenced = fitted;
            var (latency, peak) = Time(referenced ?? detector, data.Timed, progress, cancellationToken);
            var protocol = CrossDataSetProtocol.Create(composition.Recipe is null ? [] : auxiliary.Auxiliary, tested, seed);
            var evaluation = shots > 0 ? runner.Evaluate(detector, shots, data.Set, protocol, progress, cancellationToken)
                : runner.Evaluate(detector, data.Set, protocol, progress, cancellationToken);
            return new()
            {
                Key = composition.Key, Seed = seed, Mean = StudyWork.Values(evaluation.Mean),
                DataSets = evaluation.Categories.GroupBy(c => c.DataSet).ToDictionary(
                    g => g.Key, g => StudyWork.Values(EvaluationMetrics.Mean([.. g.Select(c => c.Metrics)])), StringComparer.Ordinal),
                Categories = evaluation.Categories.ToDictionary(c => c.Key, c => StudyWork.Values(c.Metrics), StringComparer.Ordinal),
                TrainedValues = composition.TrainedValues, Recipe = composition.Recipe, Losses = composition.Losses,
                TrainingSeconds = composition.TrainingSeconds, TrainingMemory = composition.TrainingMemory, Latency = latency, DetectionMemory = peak,
                Shots = shots, FitSeconds = fitSeconds, FitMemory = fitMemory,
                ImageSize = detector.Description.ImageSize, WeightsHash = detector.Description.WeightsHash,
                Protocol = [.. evaluation.Protocol, .. evaluation.Notes],
                DetectorRecipe = detector.Description.Recipe,
                Environment = evaluation.Environment, Modules = composition.Modules,
            };
        }
    }

    // With the images of the first category; each category is tested with its own.
    private static (ZeroShotDetector? Detector, double? Seconds, long? Memory) Fit(
        ZeroShotDetector detector, int shots, AnomalyDataSet data, CancellationToken cancellationToken)
    {
        if (shots == 0)
        {
            return (null, null, null);
        }

        if (data.Categories.FirstOrDefault(c => c.References(shots).Count < shots) is { } lacking)
        {
            throw new DetectorConfigurationException([$"{detector.Description.Method} is to be given {shots} normal images of each category, but "
                + $"'{lacking.Path}' has {lacking.References(shots).Count} in train/good."]);
        }

        var category = data.Categories[0];
        using var memory = new PeakMemory();
        long start = Stopwatch.GetTimestamp();
        var fitted = detector.WithReferences(
            [.. category.References(shots).Select(r => ImageInput.FromFile(r.ImagePath))], new() { ClassName = category.ClassName }, null, cancellationToken);
        return (fitted, Stopwatch.GetElapsedTime(start).TotalSeconds, memory.Bytes);
    }

    private static (Latency, long?) Time(
        ZeroShotDetector detector, IReadOnlyList<(RgbImage, string)> images, StudyProgress progress, CancellationToken cancellationToken)
    {
        using var memory = new PeakMemory();
        var latency = LatencyMeasurement.Measure(detector, images, share => progress.Phase("timing", share), cancellationToken);
        return (latency, memory.Bytes);
    }

    // The same images for every method, spread over the categories.
    private List<(RgbImage, string)> TimedImages(AnomalyDataSet test)
    {
        var reader = new SampleReader(options.Decoder ?? new SkiaImageDecoder());
        var all = test.Categories.SelectMany(
            c => c.Test.Take(Math.Max(options.LatencyImages / test.Categories.Count, 1)).Select(s => (Sample: s, c.ClassName)));
        return [.. all.Take(options.LatencyImages).Select(s => (reader.Load(s.Sample).Image, s.ClassName))];
    }

    private void Check(IReadOnlyList<ComparedMethod> methods)
    {
        StudyWork.CheckSeeds(options.Seeds, "A comparison");
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

    private static bool NeedsReferences(DetectorDescription d) => DetectorRegistry.Default.Methods.Any(
        m => m.Description.NeedsReferences && m.Description.FullName == d.Method);

    // Names and order stand in the keys of results that are kept: a change would run every comparison again.
    private object Identity(DetectorDescription d, TrainingRecipe? recipe, string auxiliary, string test) => new
    {
        d.CompositionHash, d.WeightsHash, recipe, auxiliary, test, options.Training?.Modules, options.Training?.MaximumSteps, options.Evaluation,
    };

    private List<string> Settings() =>
    [
        .. options.Training?.MaximumSteps is { } most
            ? new[] { string.Create(CultureInfo.InvariantCulture, $"every training was stopped after {most} steps: a quick try, not the methods' worth") }
            : [],
        .. options.Training?.FeatureCacheFolder is not null ? new[] { "features of the frozen networks were read from disk where they were known: training "
            + "seconds are mostly without those networks; latency is with them" } : [],
        string.Create(CultureInfo.InvariantCulture, $"evaluation at the {options.Evaluation.Resolution.ToString().ToLowerInvariant()}'s resolution, smoothing "
            + $"{options.Evaluation.SmoothingSigma}, batches of {options.Evaluation.BatchSize}"),
        string.Create(CultureInfo.InvariantCulture, $"methods that judge by normal images alone have {options.Shots} of train/good of each category, the "
            + $"first by name; all others none"),
        string.Create(CultureInfo.InvariantCulture, $"latency of {options.LatencyImages} images at most, one at a time, from decoded pixels to the result; "
            + $"memory is the largest resident size of the process in that phase"),
    ];

    /// <summary>What is tested on, a hash of it, and the images that are timed.</summary>
    private sealed record TestData(AnomalyDataSet Set, string Hash, IReadOnlyList<(RgbImage, string)> Timed);
}
