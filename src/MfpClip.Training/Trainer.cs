using System.Diagnostics;
using System.Text.Json;
using MfpClip.Data.Procedural;
using MfpClip.Execution;
using MfpClip.Files;
using MfpClip.Objectives;
using MfpClip.Training.Checkpoints;
using MfpClip.Training.Data;
using MfpClip.Training.Watching;

namespace MfpClip.Training;

/// <summary>
/// Trains the modules of a detector, whatever its method: batches in an order that follows from the seed, loss, gradients, optimiser step,
/// checkpoints from which a run goes on as if nothing had happened.
/// </summary>
/// <remarks>
/// One run at a time, on the calling thread; the detector must not detect meanwhile. The output folder then holds <c>modules.safetensors</c>
/// (for <see cref="ZeroShotDetectorBuilder.WithModuleWeights"/>), <c>checkpoint.safetensors</c>, <c>training.json</c>, <c>curves.png</c> and
/// TensorBoard's event files.
/// </remarks>
public sealed class Trainer
{
    private readonly ZeroShotDetector _detector;
    private readonly ITrainingData _data;
    private readonly TrainerOptions _options;
    private readonly ITrainableMethod _method;
    private readonly TrainingRecipe _recipe;
    private readonly TrainingFiles _files;

    /// <summary>Checks everything that can be checked before the first step.</summary>
    /// <exception cref="DetectorConfigurationException">The options or the recipe are not valid, or the method has nothing to train.</exception>
    /// <exception cref="TrainingException">The data is empty, or the folder holds a training already and is not to be resumed.</exception>
    public Trainer(ZeroShotDetector detector, ITrainingData data, TrainerOptions options)
    {
        ArgumentNullException.ThrowIfNull(detector);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(options);
        (_detector, _data, _options) = (detector, data, options);
        _method = detector.GetTrainable();
        _recipe = options.Recipe ?? _method.Recipe;
        _files = new(options.OutputFolder);
        var faults = options.Faults().Concat(_recipe.Faults()).Concat(UnknownModules()).ToList();
        if (faults.Count > 0)
        {
            throw new DetectorConfigurationException(faults);
        }

        if (data.Count == 0)
        {
            throw new TrainingException($"The data '{data.Name}' holds no images.");
        }

        if (!options.Resume && File.Exists(_files.Checkpoint))
        {
            throw new TrainingException($"'{options.OutputFolder}' holds a training already. Resume it, or choose another output folder.");
        }
    }

    /// <summary>The numbers this training runs with.</summary>
    public TrainingRecipe Recipe => _recipe;

    /// <summary>Trains until all epochs are done, or <see cref="TrainerOptions.MaximumSteps"/>.</summary>
    /// <param name="progress">Called after every step, on the calling thread's terms.</param>
    /// <param name="cancellationToken">Stops after the step that runs; a checkpoint is written first.</param>
    /// <exception cref="OperationCanceledException">It was stopped; the checkpoint is written.</exception>
    /// <exception cref="TrainingDivergedException">Loss or gradients are not finite; the last checkpoint is kept.</exception>
    /// <exception cref="FrozenWeightsChangedException">Something that must not change has changed.</exception>
    /// <exception cref="TrainingException">The checkpoint belongs to another training.</exception>
    /// <exception cref="OutputException">A file cannot be written, or another run writes to the folder.</exception>
    public TrainingResult Run(IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var start = Stopwatch.GetTimestamp();
        using var held = FolderLock.Take(_files.Folder);
        var trained = _method.TrainedWeights.Where(w => IsChosen(w.Key)).ToList();
        List<KeyValuePair<string, Tensor>> frozen = [.. _method.FrozenWeights, .. _method.TrainedWeights.Where(w => !IsChosen(w.Key))];
        if (_method.FrozenWeights.Count == 0)
        {
            TrainingLog.NoFrozenWeights(_options.Logger);
        }

        string frozenBefore = WeightsHash.Of(frozen);
        var identity = new TrainingIdentity(_method.Name, null, CompositionHash(), _data.Fingerprint, frozenBefore);
        using var watch = new TrainingWatch(_files, _options, _recipe);
        var samples = new SampleSource(_data, _detector.Input.Preprocessor, _recipe, _options.ImageCacheBytes);
        var loader = new BatchLoader(samples, _data.Count, _recipe, _options.Workers);
        using (var session = new TrainingSession(_method.Name, trained, _recipe, (long)_recipe.Epochs * loader.StepsPerEpoch, _files, identity)
        {
            SaveModules = _detector.SaveModules, WeightsChanged = _method.WeightsChanged,
        })
        {
            if (_options.Resume && File.Exists(_files.Checkpoint))
            {
                session.Resume();
                watch.Resumed(session.State);
                if (!session.HasCompositionHash)
                {
                    TrainingLog.CompositionNotChecked(_options.Logger, _files.Checkpoint);
                }

                TrainingLog.Resumed(_options.Logger, _files.Checkpoint, session.State.Epoch + 1, session.State.Step);
            }

            bool complete = Loop(session, loader, watch, progress, cancellationToken);
            CheckFrozen(frozen, frozenBefore);
            session.Finish(complete);
            var result = new TrainingResult
            {
                ModulesPath = _files.Modules, CheckpointPath = _files.Checkpoint, Epochs = session.State.History, Steps = session.State.TotalSteps,
                IsComplete = complete, FrozenHash = frozenBefore, TrainedHash = WeightsHash.Of(trained), Elapsed = Stopwatch.GetElapsedTime(start),
            };
            TrainingManifest.Write(_files.Manifest, _detector.Description, _method, _data, _recipe, _options, result);
            return result;
        }
    }

    private bool Loop(
        TrainingSession session, BatchLoader loader, TrainingWatch watch, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        var context = new ForwardContext
        {
            Reproducible = true, RecomputedBlocks = _options.RecomputedBlocks, Features = FeatureFolder.Of(_options), CancellationToken = cancellationToken,
        };
        TrainingLog.Started(
            _options.Logger, _method.Name, _data.Name, session.Weights.Sum(w => w.Value.numel()), session.Weights.Count, _recipe.Epochs, loader.StepsPerEpoch);
        return new TrainingLoop(session, _recipe.Epochs, _options.Logger)
        {
            Steps = (epoch, first) => loader.Epoch(epoch, first, cancellationToken)
                .Select(samples => new TrainingStep(samples.Count, () => Loss(loader.ToTensors(samples)))),
            CheckpointEverySteps = _options.CheckpointEverySteps, MaximumSteps = _options.MaximumSteps,
            StepDone = loss => watch.Step(session.State, loader.StepsPerEpoch, loss, progress),
            EpochDone = () => watch.Epoch(session.State, session.Losses, loader.StepsPerEpoch),
        }.Run(_files.Checkpoint, cancellationToken);

        TrainingLoss Loss(TrainingBatch batch)
        {
            using var images = batch.Images;
            return _method.Loss(batch, context);
        }
    }

    private bool IsChosen(string weight) => _options.Modules is null || _options.Modules.Contains(weight.Split('.')[0], StringComparer.Ordinal);

    private IEnumerable<string> UnknownModules()
    {
        var known = _method.TrainedWeights.Select(w => w.Key.Split('.')[0]).Distinct().ToList();
        return (_options.Modules ?? []).Where(m => !known.Contains(m, StringComparer.Ordinal))
            .Select(m => $"Training: there is no module '{m}' with weights to train; this composition has {string.Join(", ", known)}.");
    }

    // What is composed, without weights: those are hashed on their own.
    private string CompositionHash()
    {
        string text = JsonSerializer.Serialize(new { _detector.Description.CompositionHash, Modules = _options.Modules ?? [] }, ReflectedJson.Options);
        return TextHash.Of(text);
    }

    private static void CheckFrozen(List<KeyValuePair<string, Tensor>> frozen, string before)
    {
        string after = WeightsHash.Of(frozen);
        if (after != before)
        {
            throw new FrozenWeightsChangedException(before, after);
        }
    }
}
