using MfpClip.Training.Studies;

namespace MfpClip.Training.Ablation;

/// <summary>One line with one seed, trained and tested. What is stored, so that it never runs again.</summary>
public sealed record AblationRun : IStudyRun
{
    /// <summary>SHA-256 over composition, initial weights, data, recipe and evaluation: what the numbers follow from.</summary>
    public required string Key { get; init; }

    /// <summary>Seed.</summary>
    public required long Seed { get; init; }

    /// <summary>Mean over the test categories by metric (<c>image_auroc</c> ...), fractions; <see langword="null"/> where there is no value.</summary>
    public required IReadOnlyDictionary<string, double?> Mean { get; init; }

    /// <summary>Each test category by metric.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyDictionary<string, double?>> Categories { get; init; }

    /// <summary>Mean training loss of the first and of the last epoch; empty where nothing was trained.</summary>
    public required IReadOnlyList<double> Losses { get; init; }

    /// <summary>Time of the steps of the training.</summary>
    public required double TrainingSeconds { get; init; }

    /// <summary>Seconds that detection took for an image.</summary>
    public required double SecondsPerImage { get; init; }

    /// <summary>Trained modules, relative to the study's folder; <see langword="null"/> where nothing was trained.</summary>
    public string? Modules { get; init; }

    /// <summary>Weights hash of the tested detector.</summary>
    public required string WeightsHash { get; init; }

    /// <summary>
    /// The detector's recipe as JSON, as it was tested; <see langword="null"/> in results of version 0.1. Also in the run's folder, as <c>recipe.json</c>.
    /// </summary>
    public string? DetectorRecipe { get; init; }

    /// <summary>The protocol in lines.</summary>
    public required IReadOnlyList<string> Protocol { get; init; }
}
