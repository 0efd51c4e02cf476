namespace MfpClip.Training;

/// <summary>Where a training stands, reported after every step.</summary>
/// <param name="Epoch">Epoch, from 0.</param>
/// <param name="Epochs">Number of epochs.</param>
/// <param name="Step">Steps done of this epoch.</param>
/// <param name="StepsPerEpoch">Steps of an epoch.</param>
/// <param name="Loss">Loss of the last step.</param>
/// <param name="MeanLoss">Mean loss of the epoch so far.</param>
/// <param name="LearningRate">Learning rate of the step.</param>
/// <param name="SecondsPerStep">Mean of the last steps.</param>
/// <param name="Remaining">Time that the rest will take at this pace.</param>
public sealed record TrainingProgress(
    int Epoch, int Epochs, int Step, int StepsPerEpoch, double Loss, double MeanLoss, double LearningRate, double SecondsPerStep, TimeSpan Remaining)
{
    /// <summary>Images of a step.</summary>
    public int BatchSize { get; init; } = 1;
}

/// <summary>One finished epoch.</summary>
/// <param name="Epoch">From 0.</param>
/// <param name="Loss">Mean loss over its images.</param>
/// <param name="Terms">Mean of each term.</param>
/// <param name="LearningRate">Its learning rate.</param>
/// <param name="GradientNorm">Mean total norm of the gradients, before clipping.</param>
/// <param name="Seconds">Time that its steps took, over all runs.</param>
public sealed record EpochRecord(int Epoch, double Loss, IReadOnlyDictionary<string, double> Terms, double LearningRate, double GradientNorm, double Seconds);

/// <summary>What a training gave.</summary>
public sealed record TrainingResult
{
    /// <summary>Trained modules, for <see cref="ZeroShotDetectorBuilder.WithModuleWeights"/>.</summary>
    public required string ModulesPath { get; init; }

    /// <summary>Checkpoint to resume from.</summary>
    public required string CheckpointPath { get; init; }

    /// <summary>Finished epochs.</summary>
    public required IReadOnlyList<EpochRecord> Epochs { get; init; }

    /// <summary>Steps done.</summary>
    public required long Steps { get; init; }

    /// <summary>Whether every epoch is done; otherwise it stopped at <see cref="TrainerOptions.MaximumSteps"/>.</summary>
    public required bool IsComplete { get; init; }

    /// <summary>SHA-256 of everything frozen, the same before and after.</summary>
    public required string FrozenHash { get; init; }

    /// <summary>SHA-256 of the trained weights.</summary>
    public required string TrainedHash { get; init; }

    /// <summary>Time of this run.</summary>
    public required TimeSpan Elapsed { get; init; }
}
