namespace MfpClip.Training;

/// <summary>A training cannot start, go on, or be trusted. The message says why and what to do.</summary>
public class TrainingException : MfpClipException
{
    /// <summary>Creates the error.</summary>
    public TrainingException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>The loss or a gradient is not finite. The last checkpoint was written before and is good.</summary>
public sealed class TrainingDivergedException : TrainingException
{
    /// <summary>Creates the error.</summary>
    /// <param name="epoch">From 0.</param>
    /// <param name="step">Step of the whole training, from 0.</param>
    /// <param name="what">What is not finite.</param>
    /// <param name="checkpoint">The last good checkpoint; <see langword="null"/>: there is none yet.</param>
    public TrainingDivergedException(int epoch, long step, string what, string? checkpoint)
        : base($"The training diverged in epoch {epoch + 1}, step {step + 1}: {what} is not finite. "
            + (checkpoint is null ? "No checkpoint was written yet. " : $"The last good checkpoint is '{checkpoint}'. ")
            + "Lower the learning rate, clip gradients, or train in float32.")
        => (Epoch, Step, Checkpoint) = (epoch, step, checkpoint);

    /// <summary>Epoch, from 0.</summary>
    public int Epoch { get; }

    /// <summary>Step of the whole training, from 0.</summary>
    public long Step { get; }

    /// <summary>The last good checkpoint.</summary>
    public string? Checkpoint { get; }
}

/// <summary>Weights that must not change have changed.</summary>
public sealed class FrozenWeightsChangedException : TrainingException
{
    /// <summary>Creates the error.</summary>
    public FrozenWeightsChangedException(string before, string after)
        : base($"Frozen weights changed during training: SHA-256 was {before} and is {after}. A module writes to the backbone or the CNN; its "
            + $"training cannot be trusted.")
    {
    }
}
