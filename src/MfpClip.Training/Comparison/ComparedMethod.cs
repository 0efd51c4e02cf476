using MfpClip.Evaluation.Reports;

namespace MfpClip.Training.Comparison;

/// <summary>A line of the table: a method, composed anew for each seed.</summary>
/// <param name="Key">Short name, for files.</param>
/// <param name="Name">Name in the table.</param>
/// <param name="Compose">The composition with starting values of that seed; not built yet. Whether it trains follows from what it has to train.</param>
public sealed record ComparedMethod(string Key, string Name, Func<long, ZeroShotDetectorBuilder> Compose)
{
    /// <summary>What its authors and others have measured, with other backbones and data; shown beside our numbers.</summary>
    public IReadOnlyList<PublishedResult> Published { get; init; } = [.. PublishedResults.All.Where(r => r.Method == Name)];
}
