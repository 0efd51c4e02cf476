using MfpClip.Objectives;
using Microsoft.Extensions.Logging;

namespace MfpClip.Training;

/// <summary>The loop of every training: epoch after epoch, checkpoints on the way, at the end of an epoch and where it is stopped.</summary>
internal sealed class TrainingLoop(TrainingSession session, int epochs, ILogger logger)
{
    /// <summary>The steps of an epoch from one on: epoch from 0, steps of it that were done already.</summary>
    public required Func<int, int, IEnumerable<TrainingStep>> Steps { get; init; }

    /// <summary>A checkpoint after so many steps too; <see langword="null"/>: after each epoch and where it is stopped only.</summary>
    public long? CheckpointEverySteps { get; init; }

    /// <summary>Stops, resumably, after so many steps of the whole training; <see langword="null"/>: never.</summary>
    public long? MaximumSteps { get; init; }

    /// <summary>Called after each step.</summary>
    public Action<TrainingLoss>? StepDone { get; init; }

    /// <summary>Called after each epoch, when its checkpoint is written.</summary>
    public Action? EpochDone { get; init; }

    /// <summary>Goes on from where the session stands.</summary>
    /// <param name="checkpoint">Where the session's checkpoint lies, for the log.</param>
    /// <param name="cancellationToken">Stops after the step that runs; a checkpoint is written first.</param>
    /// <returns>Whether all epochs are done, rather than <see cref="MaximumSteps"/>.</returns>
    public bool Run(string checkpoint, CancellationToken cancellationToken)
    {
        try
        {
            while (session.State.Epoch < epochs)
            {
                foreach (var step in Steps(session.State.Epoch, session.State.Step))
                {
                    if (session.State.TotalSteps >= MaximumSteps)
                    {
                        return Stop(checkpoint);
                    }

                    using var scope = torch.NewDisposeScope();
                    StepDone?.Invoke(session.Step(step));
                    if (session.State.TotalSteps % (CheckpointEverySteps ?? long.MaxValue) == 0)
                    {
                        session.Save();
                    }

                    cancellationToken.ThrowIfCancellationRequested();
                }

                session.EndEpoch();
                EpochDone?.Invoke();
            }

            return true;
        }
        catch (OperationCanceledException)
        {
            Stop(checkpoint);
            throw;
        }
        catch (TrainingDivergedException e)
        {
            TrainingLog.Diverged(logger, e.Message);
            throw;
        }
    }

    private bool Stop(string checkpoint)
    {
        session.Save();
        TrainingLog.Stopped(logger, session.State.Epoch + 1, session.State.Step, checkpoint);
        return false;
    }
}
