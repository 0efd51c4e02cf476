using MfpClip.Objectives;

namespace MfpClip.Training.Ablation;

/// <summary>A finished study.</summary>
public sealed record AblationResult
{
    /// <summary>Tables in order.</summary>
    public required IReadOnlyList<AblationTableResult> Tables { get; init; }

    /// <summary>What was trained on.</summary>
    public required string Auxiliary { get; init; }

    /// <summary>What was tested on.</summary>
    public required string Test { get; init; }

    /// <summary>Seeds of every line.</summary>
    public required IReadOnlyList<long> Seeds { get; init; }

    /// <summary>Numbers of the trainings; <see langword="null"/>: each method's own.</summary>
    public TrainingRecipe? Recipe { get; init; }

    /// <summary>The protocol in lines.</summary>
    public required IReadOnlyList<string> Protocol { get; init; }

    /// <summary>How lines were tested, in words.</summary>
    public required string Evaluation { get; init; }

    /// <summary>A sentence every reader must know.</summary>
    public string? Notice { get; init; }

    /// <summary>What must be known of how lines were trained and timed, beyond the recipe.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];

    /// <summary>The command that makes it.</summary>
    public string? Command { get; init; }
}

/// <summary>A table with its numbers.</summary>
/// <param name="Key">Short name.</param>
/// <param name="Title">Heading.</param>
/// <param name="Rows">Lines in order; the first is the reference.</param>
public sealed record AblationTableResult(string Key, string Title, IReadOnlyList<AblationRowResult> Rows);

/// <summary>A line with its runs, one for each seed in the order of the seeds.</summary>
/// <param name="Name">What distinguishes it.</param>
/// <param name="Paper">What the paper prints.</param>
/// <param name="Runs">Its runs.</param>
public sealed record AblationRowResult(string Name, PaperNumbers? Paper, IReadOnlyList<AblationRun> Runs)
{
    /// <summary>Mean and standard deviation over the seeds of a metric, fractions.</summary>
    /// <param name="metric">Name in <see cref="AblationRun.Mean"/>.</param>
    public SeedStatistic Of(string metric) => SeedStatistic.Of([.. Runs.Select(r => r.Mean.GetValueOrDefault(metric))]);

    /// <summary>What is missing to the reference line: reference minus this, seed by seed.</summary>
    /// <param name="reference">The table's first line.</param>
    /// <param name="metric">Name in <see cref="AblationRun.Mean"/>.</param>
    public SeedStatistic LossRelativeTo(AblationRowResult reference, string metric)
    {
        ArgumentNullException.ThrowIfNull(reference);
        return SeedStatistic.Of([.. reference.Runs.Zip(Runs, (a, b) => a.Mean.GetValueOrDefault(metric) - b.Mean.GetValueOrDefault(metric))]);
    }
}
