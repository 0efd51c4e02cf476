using System.Text.Json;
using MfpClip.Data;
using MfpClip.Diagnostics;
using MfpClip.Evaluation;
using MfpClip.Files;
using MfpClip.Objectives;
using MfpClip.Training.Data;

namespace MfpClip.Training.Studies;

/// <summary>
/// The protocol of ablations and comparisons for one composition with one seed: train it where it has something to train, load it again as users
/// will, test it, store the result. What its key says was stored before is not run again.
/// </summary>
/// <typeparam name="TRun">What is stored.</typeparam>
/// <param name="outputFolder">Folder of the study.</param>
/// <param name="training">How trainings run; <see langword="null"/>: as trainings do.</param>
/// <param name="evaluation">How compositions are tested.</param>
/// <param name="decoder">Decoder of test images; <see langword="null"/>: the library's.</param>
internal sealed class StudyRunner<TRun>(string outputFolder, TrainerOptions? training, EvaluationOptions evaluation, IImageDecoder? decoder)
    where TRun : class, IStudyRun
{
    /// <summary>Runs one composition with one seed, or gives what is stored of it.</summary>
    /// <param name="work">What to run.</param>
    /// <param name="auxiliary">What is trained on.</param>
    /// <param name="test">Tests the detector as it was loaded again, and says what is stored.</param>
    /// <param name="progress">Called at phases.</param>
    /// <param name="cancellationToken">Stops; a training writes its checkpoint first.</param>
    public TRun Run(StudyWork work, ITrainingData auxiliary, Func<TrainedComposition, TRun> test, StudyProgress progress, CancellationToken cancellationToken)
    {
        var detector = work.Compose().Build();
        try
        {
            var trainable = detector.IsTrainable ? detector.GetTrainable() : null;
            var recipe = trainable is null ? null : work.Recipe(trainable.Recipe) with { Seed = work.Seed };
            long values = trainable?.TrainedWeights.Sum(w => w.Value.numel()) ?? 0;
            string key = TextHash.Of(JsonSerializer.Serialize(work.Identity(detector.Description, recipe), ReflectedJson.Options));
            string folder = Path.Combine(outputFolder, "runs", work.FolderName(key)), stored = Path.Combine(folder, "result.json");
            if (Load(stored, key) is { } done)
            {
                progress.Phase("known", 1);
                return done;
            }

            work.Starting(folder);
            var composition = new TrainedComposition { Key = key, Recipe = recipe, TrainedValues = values, Detector = detector };
            if (recipe is not null)
            {
                using var memory = new PeakMemory();
                var result = Train(detector, auxiliary, recipe, folder, progress, cancellationToken);
                long? peak = memory.Bytes;

                // Tested as users will use it: loaded from the file that the training wrote.
                detector.Dispose();
                detector = work.Compose().WithModuleWeights(result.ModulesPath).Build();
                composition = composition with
                {
                    Detector = detector, TrainingMemory = peak,
                    Losses = result.Epochs.Count > 0 ? [result.Epochs[0].Loss, result.Epochs[^1].Loss] : [],
                    TrainingSeconds = result.IsComplete ? result.Epochs.Sum(e => e.Seconds) : result.Elapsed.TotalSeconds,
                    Modules = Path.GetRelativePath(outputFolder, result.ModulesPath).Replace('\\', '/'),
                };
            }

            var run = test(composition);
            if (detector.Description.Recipe is { } composed)
            {
                AtomicFile.WriteText(Path.Combine(folder, "recipe.json"), composed);
            }

            AtomicFile.Write(stored, stream => JsonSerializer.Serialize(stream, run, ReflectedJson.Options));
            File.Delete(Path.Combine(folder, "checkpoint.safetensors")); // three times the modules, and of no more use
            return run;
        }
        finally
        {
            detector.Dispose();
        }
    }

    /// <summary>Tests a detector; features of frozen networks come from disk where the trainings keep them there.</summary>
    public EvaluationRun Evaluate(
        ZeroShotDetector detector, AnomalyDataSet test, CrossDataSetProtocol protocol, StudyProgress progress, CancellationToken cancellationToken)
    {
        using var keeping = detector.WithFeatureStore(detector.IsTrainable ? FeatureFolder.Of(training) : null);
        return new Evaluator(evaluation, decoder).Evaluate(keeping, test, protocol, progress, cancellationToken);
    }

    /// <summary>Tests a detector with normal images of each category beside it.</summary>
    public EvaluationRun Evaluate(
        ZeroShotDetector detector, int shots, AnomalyDataSet test, CrossDataSetProtocol protocol, StudyProgress progress,
        CancellationToken cancellationToken) =>
        new Evaluator(evaluation with { Shots = shots }, decoder).EvaluateEachCategory(
            (category, references) => detector.WithReferences(
                [.. references.Select(r => ImageInput.FromFile(r.ImagePath))], new() { ClassName = category.ClassName }, null, cancellationToken),
            test, protocol, progress, cancellationToken);

    private TrainingResult Train(
        ZeroShotDetector detector, ITrainingData auxiliary, TrainingRecipe recipe, string folder, StudyProgress progress, CancellationToken cancellationToken)
    {
        var given = training ?? new() { OutputFolder = folder };
        return new Trainer(detector, auxiliary, given with { OutputFolder = folder, Recipe = recipe, Resume = true }).Run(progress, cancellationToken);
    }

    private static TRun? Load(string path, string key)
    {
        try
        {
            return File.Exists(path) && JsonSerializer.Deserialize<TRun>(File.ReadAllBytes(path), ReflectedJson.Options) is { } run
                && run.Key == key ? run : null;
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or ArgumentException or InvalidOperationException)
        {
            return null; // damaged: run it again
        }
    }
}

/// <summary>A stored run.</summary>
internal interface IStudyRun
{
    /// <summary>SHA-256 over all that the numbers follow from.</summary>
    string Key { get; }
}
