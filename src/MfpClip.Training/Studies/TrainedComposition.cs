using MfpClip.Objectives;

namespace MfpClip.Training.Studies;

/// <summary>A composition ready to be tested, and what its training took.</summary>
internal sealed record TrainedComposition
{
    /// <summary>The detector, with what was trained.</summary>
    public required ZeroShotDetector Detector { get; init; }

    /// <summary>SHA-256 over all that the numbers follow from.</summary>
    public required string Key { get; init; }

    /// <summary>Numbers of the training; <see langword="null"/> where nothing was trained.</summary>
    public required TrainingRecipe? Recipe { get; init; }

    /// <summary>Number of trained values.</summary>
    public required long TrainedValues { get; init; }

    /// <summary>Mean loss of the first and of the last epoch.</summary>
    public IReadOnlyList<double> Losses { get; init; } = [];

    /// <summary>Time of the steps.</summary>
    public double TrainingSeconds { get; init; }

    /// <summary>Largest resident size of the process while it trained, bytes.</summary>
    public long? TrainingMemory { get; init; }

    /// <summary>Trained modules, relative to the study's folder.</summary>
    public string? Modules { get; init; }
}
