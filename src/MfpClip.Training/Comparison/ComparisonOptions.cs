using System.ComponentModel.DataAnnotations;
using MfpClip.Evaluation;
using MfpClip.Objectives;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace MfpClip.Training.Comparison;

/// <summary>Settings of a comparison.</summary>
public sealed record ComparisonOptions
{
    /// <summary>Folder for runs and tables. A comparison started again with the same folder goes on where it stopped.</summary>
    public required string OutputFolder { get; init; }

    /// <summary>Each method that trains is trained and tested once for each seed; one that does not is tested once.</summary>
    /// <value>Default 0, 1, 2.</value>
    public IReadOnlyList<long> Seeds { get; init; } = [0, 1, 2];

    /// <summary>Changes the numbers of a training, given the method's own; the seed is set afterwards. <see langword="null"/>: each method's own.</summary>
    public Func<TrainingRecipe, TrainingRecipe>? Recipe { get; init; }

    /// <summary>How every method is tested: one protocol.</summary>
    public EvaluationOptions Evaluation { get; init; } = new() { Cases = 0 };

    /// <summary>
    /// How trainings run: threads, caches, memory. Output folder, recipe and resumption are the comparison's; a number of steps at most ends a training early.
    /// </summary>
    public TrainerOptions? Training { get; init; }

    /// <summary>Test images by which latency is measured, one at a time.</summary>
    /// <value>Default 16.</value>
    [Range(1, 10_000)]
    public int LatencyImages { get; init; } = 16;

    /// <summary>Normal training images of each test category, the first by name, for methods that judge by normal images alone.</summary>
    /// <value>Default 4.</value>
    [Range(1, 1_000_000)]
    public int Shots { get; init; } = 4;

    /// <summary>Decoder of test images; <see langword="null"/>: the library's. Trainings read with the decoder of their data.</summary>
    public IImageDecoder? Decoder { get; init; }

    /// <summary>A sentence every reader must know, for example that the weights are random.</summary>
    public string? Notice { get; init; }

    /// <summary>The command that makes this comparison, for the report.</summary>
    public string? Command { get; init; }

    /// <summary>Where the comparison logs.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;
}

/// <summary>Where a comparison stands.</summary>
/// <param name="Method">Method at work.</param>
/// <param name="Seed">Its seed.</param>
/// <param name="Run">Number of the run, from 0.</param>
/// <param name="Runs">Number of runs.</param>
/// <param name="Phase">"training", "testing", "timing" or "known".</param>
/// <param name="Fraction">How much of the phase is done, 0 to 1.</param>
public sealed record ComparisonProgress(string Method, long Seed, int Run, int Runs, string Phase, double Fraction)
{
    /// <summary>Images of the phase that were trained on or tested so far.</summary>
    public long Images { get; init; }
}
