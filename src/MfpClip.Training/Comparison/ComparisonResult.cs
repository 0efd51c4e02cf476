using MfpClip.Evaluation.Reports;
using MfpClip.Training.Ablation;

namespace MfpClip.Training.Comparison;

/// <summary>A finished comparison.</summary>
public sealed record ComparisonResult
{
    /// <summary>Methods in order.</summary>
    public required IReadOnlyList<MethodResult> Methods { get; init; }

    /// <summary>Names of the data sets that were tested on.</summary>
    public required IReadOnlyList<string> DataSets { get; init; }

    /// <summary>What was trained on.</summary>
    public required string Auxiliary { get; init; }

    /// <summary>What was tested on.</summary>
    public required string Test { get; init; }

    /// <summary>Seeds.</summary>
    public required IReadOnlyList<long> Seeds { get; init; }

    /// <summary>The protocol in lines.</summary>
    public required IReadOnlyList<string> Protocol { get; init; }

    /// <summary>Settings of the evaluation in lines.</summary>
    public required IReadOnlyList<string> Settings { get; init; }

    /// <summary>A sentence every reader must know.</summary>
    public string? Notice { get; init; }

    /// <summary>The command that makes it.</summary>
    public string? Command { get; init; }
}

/// <summary>A method with its runs, one for each seed; one run where nothing is trained.</summary>
/// <param name="Method">The method.</param>
/// <param name="Runs">Its runs; none where it cannot be composed.</param>
/// <param name="Failure">Why it cannot be composed with this backbone; <see langword="null"/>: it can.</param>
public sealed record MethodResult(ComparedMethod Method, IReadOnlyList<ComparisonRun> Runs, string? Failure = null)
{
    /// <summary>Mean and standard deviation over the seeds of a metric, fractions.</summary>
    /// <param name="metric">Name in <see cref="ComparisonRun.Mean"/>.</param>
    /// <param name="dataSet">Data set; <see langword="null"/>: mean over all categories.</param>
    public SeedStatistic Of(string metric, string? dataSet = null) => SeedStatistic.Of(
        [.. Runs.Select(r => (dataSet is null ? r.Mean : r.DataSets[dataSet]).GetValueOrDefault(metric))]);
}

/// <summary>A line of the table: a method, composed from scratch for each seed.</summary>
/// <param name="Key">Short name, for files.</param>
/// <param name="Name">Name in the table.</param>
/// <param name="Compose">The composition with initialization of that seed; not built yet. Whether it trains follows from what it has to train.</param>
public sealed record ComparedMethod(string Key, string Name, Func<long, ZeroShotDetectorBuilder> Compose)
{
    /// <summary>What its authors and others have measured, with other backbones and data; shown beside our numbers.</summary>
    public IReadOnlyList<PublishedResult> Published { get; init; } = [.. PublishedResults.All.Where(r => r.Method == Name)];
}
