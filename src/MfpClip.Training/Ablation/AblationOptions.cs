using MfpClip.Evaluation;
using MfpClip.Objectives;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace MfpClip.Training.Ablation;

/// <summary>Settings of an ablation study.</summary>
public sealed record AblationOptions
{
    /// <summary>Folder for runs and tables. A study started again with the same folder goes on where it stopped.</summary>
    public required string OutputFolder { get; init; }

    /// <summary>Each line is trained and tested once for each seed.</summary>
    /// <value>Default 0, 1, 2.</value>
    public IReadOnlyList<long> Seeds { get; init; } = [0, 1, 2];

    /// <summary>The numbers of every training, except the seed; <see langword="null"/>: each method's own.</summary>
    public TrainingRecipe? Recipe { get; init; }

    /// <summary>How lines are tested.</summary>
    public EvaluationOptions Evaluation { get; init; } = new() { Cases = 0 };

    /// <summary>How trainings run: threads, caches, memory. Output folder, recipe and resumption are the study's.</summary>
    public TrainerOptions? Training { get; init; }

    /// <summary>Defective test images shown in figure 6, spread over the categories.</summary>
    /// <value>Default 8.</value>
    public int Pictures { get; init; } = 8;

    /// <summary>Decoder of test images; <see langword="null"/>: the library's. Trainings read with the decoder of their data.</summary>
    public IImageDecoder? Decoder { get; init; }

    /// <summary>A sentence every reader must know, for example that the weights are random.</summary>
    public string? Notice { get; init; }

    /// <summary>The command that makes this study, for the report.</summary>
    public string? Command { get; init; }

    /// <summary>Where the study logs.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;
}

/// <summary>Where a study stands.</summary>
/// <param name="Row">Line at work.</param>
/// <param name="Seed">Its seed.</param>
/// <param name="Run">Number of the run, from 0.</param>
/// <param name="Runs">Number of runs.</param>
/// <param name="Phase">"training", "testing" or "known".</param>
/// <param name="Fraction">How much of the phase is done, 0 to 1.</param>
public sealed record AblationProgress(string Row, long Seed, int Run, int Runs, string Phase, double Fraction)
{
    /// <summary>Images of the phase that were trained on or tested so far.</summary>
    public long Images { get; init; }
}
