using MfpClip.Evaluation.Reports;
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

    /// <summary>How lines were tested, as text.</summary>
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

/// <summary>One line of an ablation: a composition, made from scratch for each seed.</summary>
/// <param name="Name">What distinguishes it, as it stands in the table.</param>
/// <param name="Compose">The composition with initialization of that seed; not built yet.</param>
public sealed record AblationRow(string Name, Func<long, ZeroShotDetectorBuilder> Compose)
{
    /// <summary>The paper's numbers for this line; <see langword="null"/>: it prints none that we know.</summary>
    public PaperNumbers? Paper { get; init; }
}

/// <summary>What the paper prints for a line, in percent. Signs as in the table: a loss is what is missing to the reference line.</summary>
/// <param name="ImageAuroc">I-AUC, or its loss.</param>
/// <param name="PixelAuroc">P-AUC, or its loss.</param>
/// <param name="AreLosses">Whether these are losses against the reference line rather than values.</param>
/// <param name="Remark">As text, where the paper gives no number.</param>
public sealed record PaperNumbers(double? ImageAuroc, double? PixelAuroc, bool AreLosses, string? Remark = null);

/// <summary>Lines that belong together.</summary>
/// <param name="Key">Short name for files and the command line, for example <c>table2</c>.</param>
/// <param name="Title">Heading.</param>
/// <param name="Rows">Lines in order; the first one is the reference that losses are counted from.</param>
public sealed record AblationTable(string Key, string Title, IReadOnlyList<AblationRow> Rows);

/// <summary>Several seeds as one number.</summary>
/// <param name="Mean">Mean; <see langword="null"/> where a seed has no value.</param>
/// <param name="StandardDeviation">Of the sample (n - 1); <see langword="null"/> for one seed.</param>
/// <param name="Count">Seeds.</param>
public sealed record SeedStatistic(double? Mean, double? StandardDeviation, int Count)
{
    /// <summary>Percent with one decimal and, of several seeds, the deviation: "92.3 ± 0.4".</summary>
    internal string Percent() => new MetricSummary(Mean, StandardDeviation, Count, null).ToString();

    internal static SeedStatistic Of(IReadOnlyList<double?> values)
    {
        if (values.Count == 0 || values.Any(v => v is null))
        {
            return new(null, null, values.Count);
        }

        double mean = values.Average(v => v!.Value);
        double? deviation = values.Count < 2 ? null : Math.Sqrt(values.Sum(v => Math.Pow(v!.Value - mean, 2)) / (values.Count - 1));
        return new(mean, deviation, values.Count);
    }
}
