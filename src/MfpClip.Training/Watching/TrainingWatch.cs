using System.Diagnostics;
using MfpClip.Files;
using MfpClip.Objectives;
using MfpClip.Training.Checkpoints;

namespace MfpClip.Training.Watching;

/// <summary>What people see of a training: progress, log, curves, TensorBoard.</summary>
internal sealed class TrainingWatch(TrainingFiles files, TrainerOptions options, TrainingRecipe recipe) : IDisposable
{
    private EventFile? _events = Open(files, options);
    private readonly Queue<double> _recent = new();
    private long _last = Stopwatch.GetTimestamp();

    /// <summary>Before a resumed training's first step: what was watched after the checkpoint is about to happen again.</summary>
    public void Resumed(TrainingState state) => Tell(e => e.Start(state.TotalSteps + 1));

    /// <summary>After a step.</summary>
    public void Step(TrainingState state, int stepsPerEpoch, TrainingLoss loss, IProgress<TrainingProgress>? progress)
    {
        long now = Stopwatch.GetTimestamp();
        _recent.Enqueue(Stopwatch.GetElapsedTime(_last, now).TotalSeconds);
        _last = now;
        if (_recent.Count > 50)
        {
            _recent.Dequeue();
        }

        double total = loss.Terms.Sum(t => t.Value);
        double rate = recipe.LearningRate * recipe.Factor(state.Epoch, state.TotalSteps - 1, (long)recipe.Epochs * stepsPerEpoch);
        Tell(e => e.Scalars(state.TotalSteps, [
            new("loss/total", total), new("learning_rate", rate), .. loss.Terms.Select(t => new KeyValuePair<string, double>($"loss/{t.Key}", t.Value))]));
        if (progress is not null)
        {
            double pace = _recent.Average();
            long left = ((long)recipe.Epochs * stepsPerEpoch) - ((long)state.Epoch * stepsPerEpoch) - state.Step;
            left = options.MaximumSteps is { } most ? Math.Min(left, Math.Max(most - state.TotalSteps, 0)) : left;
            progress.Report(new(
                state.Epoch, recipe.Epochs, state.Step, stepsPerEpoch, total, state.LossSum / Math.Max(state.EpochImages, 1), rate, pace,
                TimeSpan.FromSeconds(Math.Min(pace * left, TimeSpan.MaxValue.TotalSeconds / 2)))
            {
                BatchSize = recipe.BatchSize,
            });
        }
    }

    /// <summary>After an epoch.</summary>
    public void Epoch(TrainingState state, IReadOnlyList<float> losses, int stepsPerEpoch)
    {
        var done = state.History[^1];
        TrainingLog.Epoch(options.Logger, done.Epoch + 1, recipe.Epochs, done.Loss, done.LearningRate, done.Seconds);
        Tell(e =>
        {
            e.Scalars(state.TotalSteps, [new("epoch/loss", done.Loss), new("epoch/gradient_norm", done.GradientNorm)]);
            e.Flush();
        });
        if (!options.DrawCurves)
        {
            return;
        }

        try
        {
            LossCurves.Draw(files.Curves, state.History, losses, stepsPerEpoch);
        }
        catch (Exception e) when (e is OutputException or TypeInitializationException or DllNotFoundException or InvalidOperationException)
        {
            // An image that cannot be drawn (no fonts, full disk) is no reason to lose a training.
            TrainingLog.NoCurves(options.Logger, e.Message);
        }
    }

    public void Dispose() => Tell(e =>
    {
        _events = null;
        e.Dispose();
    });

    private static EventFile? Open(TrainingFiles files, TrainerOptions options)
    {
        try
        {
            return options.WriteTensorBoard ? new(files.Folder) : null;
        }
        catch (Exception e) when (DiskFault.Is(e))
        {
            TrainingLog.NoEvents(options.Logger, e.Message);
            return null;
        }
    }

    // Values for people that cannot be written (full disk) are no reason to lose a training.
    private void Tell(Action<EventFile> tell)
    {
        if (_events is not { } events)
        {
            return;
        }

        try
        {
            tell(events);
        }
        catch (Exception e) when (DiskFault.Is(e))
        {
            TrainingLog.NoEvents(options.Logger, e.Message);
            _events = null;
            Close(events);
        }
    }

    // Closing writes what is left, which may fail once more; then the file is closed all the same.
    private static void Close(EventFile events)
    {
        try
        {
            events.Dispose();
        }
        catch (Exception e) when (DiskFault.Is(e))
        {
            // Told already.
        }
    }
}
