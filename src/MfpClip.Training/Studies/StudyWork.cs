using MfpClip.Evaluation;
using MfpClip.Objectives;

namespace MfpClip.Training.Studies;

/// <summary>One composition with one seed, to be run.</summary>
internal sealed record StudyWork
{
    /// <summary>Seed.</summary>
    public required long Seed { get; init; }

    /// <summary>The composition with initialization of the seed.</summary>
    public required Func<ZeroShotDetectorBuilder> Compose { get; init; }

    /// <summary>Numbers of the training, given the method's own; the seed is set afterwards.</summary>
    public required Func<TrainingRecipe, TrainingRecipe> Recipe { get; init; }

    /// <summary>All that the numbers follow from, given the composition and the recipe; its JSON is hashed.</summary>
    public required Func<DetectorDescription, TrainingRecipe?, object> Identity { get; init; }

    /// <summary>Name of the run's folder, given its key.</summary>
    public required Func<string, string> FolderName { get; init; }

    /// <summary>Called with the run's folder where nothing is stored.</summary>
    public required Action<string> Starting { get; init; }

    /// <summary>Figures of a test by metric.</summary>
    public static IReadOnlyDictionary<string, double?> Values(EvaluationMetrics metrics) =>
        EvaluationMetrics.All.ToDictionary(m => m.Key, m => m.Get(metrics).Value, StringComparer.Ordinal);

    /// <summary>Refuses a list of seeds that is empty or names one twice.</summary>
    /// <param name="seeds">Seeds of the study.</param>
    /// <param name="study">The study, as the error says it.</param>
    /// <exception cref="TrainingException">The list is wrong.</exception>
    public static void CheckSeeds(IReadOnlyList<long> seeds, string study)
    {
        if (seeds.Count == 0 || seeds.Distinct().Count() != seeds.Count)
        {
            throw new TrainingException($"{study} needs at least one seed, each once.");
        }
    }
}
