using System.Diagnostics;
using System.Runtime.InteropServices;
using MfpClip.Data.Procedural;
using MfpClip.Objectives;
using MfpClip.Training.Checkpoints;
using MfpClip.Training.Data;

namespace MfpClip.Training;

/// <summary>The images of one step of a training.</summary>
/// <param name="Images">How many.</param>
/// <param name="Loss">Runs the forward pass with its graph.</param>
internal readonly record struct TrainingStep(int Images, Func<TrainingLoss> Loss);

/// <summary>The part of a training that changes: weights, moments, average, position. One step at a time.</summary>
internal sealed class TrainingSession : IDisposable
{
    private readonly string _name;
    private readonly TrainingRecipe _recipe;
    private readonly long _steps;
    private readonly TrainingFiles _files;
    private readonly TrainingIdentity _identity;
    private readonly AdamOptimizer _optimizer;
    private readonly WeightAverage _average;
    private bool _saved;

    /// <param name="name">Of what is trained, for messages.</param>
    /// <param name="weights">What is trained; they ask for gradients until <see cref="Dispose"/>.</param>
    /// <param name="recipe">Optimiser, schedule, clipping, average.</param>
    /// <param name="steps">All of the training, for schedules that go by steps.</param>
    /// <param name="files">Where it keeps what it makes.</param>
    /// <param name="identity">What a checkpoint must fit.</param>
    public TrainingSession(
        string name, IReadOnlyList<KeyValuePair<string, Tensor>> weights, TrainingRecipe recipe, long steps, TrainingFiles files, TrainingIdentity identity)
    {
        (_name, Weights, _recipe, _steps, _files, _identity) = (name, weights, recipe, steps, files, identity);
        CreateFolder(files.Folder);
        _optimizer = new(recipe, weights);
        _average = new(weights, recipe.AverageDecay);
        RequireGradients(true);
    }

    /// <summary>Writes trained modules to a file after each epoch and in the end; <see langword="null"/>: nobody does.</summary>
    public Action<string>? SaveModules { get; init; }

    /// <summary>Called whenever the weights have changed.</summary>
    public Action? WeightsChanged { get; init; }

    /// <summary>The average of the weights, empty where the recipe asks for none.</summary>
    public WeightAverage Average => _average;

    /// <summary>What is trained.</summary>
    public IReadOnlyList<KeyValuePair<string, Tensor>> Weights { get; }

    /// <summary>Where the training stands.</summary>
    public TrainingState State { get; private set; } = new();

    /// <summary>Loss of every step so far.</summary>
    public List<float> Losses { get; private set; } = [];

    /// <summary>Whether the checkpoint said what was composed.</summary>
    public bool HasCompositionHash { get; private set; } = true;

    /// <summary>Learning rate of the step that comes next.</summary>
    public double LearningRate => _recipe.LearningRate * _recipe.Factor(State.Epoch, State.TotalSteps, _steps);

    /// <summary>Goes on from the checkpoint.</summary>
    public void Resume()
    {
        (State, Losses, HasCompositionHash) = CheckpointFile.Load(_files.Checkpoint, _identity, _recipe, Weights, _optimizer, _average.Tensors);
        _saved = true;
        WeightsChanged?.Invoke();
    }

    /// <summary>Continues from a checkpoint of another format.</summary>
    /// <param name="load">Reads it into optimiser and average and returns where the training stands.</param>
    public void Resume(Func<AdamOptimizer, IReadOnlyList<KeyValuePair<string, Tensor>>, TrainingState> load)
    {
        State = load(_optimizer, _average.Tensors);
        _saved = true;
        WeightsChanged?.Invoke();
    }

    /// <summary>Forward, backward, optimiser. The weights change all or not at all.</summary>
    /// <exception cref="TrainingDivergedException">Loss or gradients are not finite; the weights are as before.</exception>
    /// <param name="step">The images and their loss, which is taken in the caller's dispose scope.</param>
    public TrainingLoss Step(TrainingStep step)
    {
        long start = Stopwatch.GetTimestamp();
        TrainingLoss loss;
        double total, norm;
        try
        {
            (loss, total, norm) = Gradients(step);
        }
        catch (ExternalException e) when (e.Message.Contains("Scalar.h", StringComparison.Ordinal))
        {
            // TorchSharp may free a number while libtorch reads it (docs/native-backend.md). No weight has changed: once more.
            (loss, total, norm) = Gradients(step);
        }

        _optimizer.Step(LearningRate);
        _average.Update();
        WeightsChanged?.Invoke();
        State = State.After(loss, total, step.Images, norm, Stopwatch.GetElapsedTime(start).TotalSeconds);
        Losses.Add((float)total);
        return loss;
    }

    private (TrainingLoss Loss, double Total, double Norm) Gradients(TrainingStep step)
    {
        // Methods that draw random numbers draw the same ones in a resumed run.
        torch.manual_seed((long)(StepRandom.At(_recipe.Seed, 3, State.TotalSteps).Next() >> 1));
        _optimizer.ZeroGradients();
        var loss = LossOf(step);
        double total = loss.Total.detach().to(ScalarType.Float64, torch.CPU).item<double>();
        Require(double.IsFinite(total), "the loss");
        loss.Total.backward();
        double norm = ClipGradients();
        Require(double.IsFinite(norm), "a gradient");
        return (loss, total, norm);
    }

    /// <summary>Closes the epoch: history, checkpoint, modules.</summary>
    public void EndEpoch()
    {
        State = State.NextEpoch(LearningRate);
        Save();
        _average.While(() => SaveModules?.Invoke(_files.Modules));
    }

    /// <summary>Writes the checkpoint, unless the weights are not finite: then the one before is the good one.</summary>
    public void Save()
    {
        using (torch.NewDisposeScope())
        {
            Require(Weights.All(w => w.Value.detach().isfinite().all().item<bool>()), "a weight");
        }

        CheckpointFile.Save(_files.Checkpoint, State, _identity, _recipe, Weights, _optimizer, _average.Tensors, Losses);
        _saved = true;
    }

    /// <summary>Puts the average into the weights and writes the modules.</summary>
    public void Finish(bool complete)
    {
        if (complete)
        {
            _average.CopyToWeights();
            SaveModules?.Invoke(_files.Modules);
        }
        else
        {
            _average.While(() => SaveModules?.Invoke(_files.Modules));
        }
    }

    public void Dispose()
    {
        RequireGradients(false);
        WeightsChanged?.Invoke();
        _optimizer.Dispose();
        _average.Dispose();
    }

    private void RequireGradients(bool wanted)
    {
        foreach (var (_, weight) in Weights)
        {
            if (!wanted)
            {
                weight.grad?.Dispose();
                weight.grad = null;
            }

            weight.requires_grad = wanted;
        }
    }

    private TrainingLoss LossOf(TrainingStep step)
    {
        try
        {
            return step.Loss();
        }
        catch (InferenceException)
        {
            Require(false, "a score");
            throw;
        }
    }

    private double ClipGradients()
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var gradients = Weights.Select(w => w.Value.grad).OfType<Tensor>().ToList();
        if (gradients.Count == 0)
        {
            throw new TrainingException(
                $"No gradient reaches any of the {Weights.Count} tensors that are to be trained: the loss of '{_name}' does not depend on them.");
        }

        double norm = Math.Sqrt(torch.stack(gradients.Select(g => g.to_type(ScalarType.Float32).square().sum())).sum().item<float>());
        if (_recipe.ClipGradientNorm is { } limit && norm > limit)
        {
            gradients.ForEach(g => g.mul_(limit / (norm + 1e-6)));
        }

        return norm;
    }

    private void Require(bool finite, string what)
    {
        if (!finite)
        {
            throw new TrainingDivergedException(State.Epoch, State.TotalSteps, what, _saved ? _files.Checkpoint : null);
        }
    }

    private static void CreateFolder(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new OutputException(folder, $"the folder cannot be made ({e.Message}).", e);
        }
    }
}
