using MfpClip.Objectives;
using MfpClip.Training.Studies;

namespace MfpClip.Training.Comparison;

/// <summary>One method with one seed, trained, tested and timed. What is stored, so that it never runs again.</summary>
public sealed record ComparisonRun : IStudyRun
{
    /// <summary>SHA-256 over composition, initial weights, data, recipe and evaluation: what the numbers follow from.</summary>
    public required string Key { get; init; }

    /// <summary>Seed.</summary>
    public required long Seed { get; init; }

    /// <summary>Mean over the test categories by metric (<c>image_auroc</c> ...), fractions; <see langword="null"/> where there is no value.</summary>
    public required IReadOnlyDictionary<string, double?> Mean { get; init; }

    /// <summary>Mean over the categories of each data set.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyDictionary<string, double?>> DataSets { get; init; }

    /// <summary>Each test category.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyDictionary<string, double?>> Categories { get; init; }

    /// <summary>Number of trained values; 0 where nothing was trained.</summary>
    public required long TrainedValues { get; init; }

    /// <summary>Numbers of the training; <see langword="null"/> where nothing was trained.</summary>
    public TrainingRecipe? Recipe { get; init; }

    /// <summary>Mean training loss of the first and of the last epoch; empty where nothing was trained.</summary>
    public required IReadOnlyList<double> Losses { get; init; }

    /// <summary>Time of the steps of the training.</summary>
    public required double TrainingSeconds { get; init; }

    /// <summary>Largest resident size of the process while it trained, bytes; <see langword="null"/>: nothing was trained, or not known.</summary>
    public long? TrainingMemory { get; init; }

    /// <summary>Milliseconds from decoded pixels to the result, one image at a time.</summary>
    public required Latency Latency { get; init; }

    /// <summary>Largest resident size of the process while it detected one image at a time, bytes; <see langword="null"/>: not known.</summary>
    public long? DetectionMemory { get; init; }

    /// <summary>Normal images of each category that it was given; 0: none.</summary>
    public int Shots { get; init; }

    /// <summary>Seconds in which it learned them, of one category, decoding included; <see langword="null"/> without any.</summary>
    public double? FitSeconds { get; init; }

    /// <summary>Largest resident size of the process meanwhile, bytes; <see langword="null"/> without any, or not known.</summary>
    public long? FitMemory { get; init; }

    /// <summary>Side of the model's input in pixels.</summary>
    public required int ImageSize { get; init; }

    /// <summary>Trained modules, relative to the comparison's folder; <see langword="null"/> where nothing was trained.</summary>
    public string? Modules { get; init; }

    /// <summary>Weights hash of the tested detector.</summary>
    public required string WeightsHash { get; init; }

    /// <summary>
    /// The detector's recipe as JSON, as it was tested; <see langword="null"/> in results of version 0.1. Also in the run's folder, as <c>recipe.json</c>.
    /// </summary>
    public string? DetectorRecipe { get; init; }

    /// <summary>The protocol in lines.</summary>
    public required IReadOnlyList<string> Protocol { get; init; }

    /// <summary>Machine and versions by name.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }
}

/// <summary>Time of an image in milliseconds.</summary>
/// <param name="Median">Half of the images took no longer.</param>
/// <param name="P95">19 of 20 images took no longer.</param>
/// <param name="Images">Images that were timed, after some to warm up.</param>
public sealed record Latency(double Median, double P95, int Images);
