namespace MfpClip.Distributed;

/// <summary>Where work is submitted, and read in the order in which it was. Safe for concurrent callers.</summary>
public interface IWorkQueue
{
    /// <summary>Submits work, durably: it is stored when the call returns.</summary>
    /// <param name="item">The work.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Whether it is new; false: the same place of the job (<see cref="WorkItem.Id"/>) was submitted before.</returns>
    /// <exception cref="WorkException">It is not valid, or the engine does not take it.</exception>
    Task<bool> SubmitAsync(WorkItem item, CancellationToken cancellationToken = default);

    /// <summary>Jobs for a detector that are stored, the one that was submitted to last at the end.</summary>
    /// <param name="detector">The detector.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<IReadOnlyList<string>> GetJobsAsync(DetectorFingerprint detector, CancellationToken cancellationToken = default);

    /// <summary>The work of a job in the order submitted, each place once, as far as it is submitted now.</summary>
    /// <param name="detector">The detector that it is for.</param>
    /// <param name="job">The job.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    IAsyncEnumerable<WorkItem> ReadJobAsync(DetectorFingerprint detector, string job, CancellationToken cancellationToken = default);

    /// <summary>How much work there is.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<WorkStatus> GetStatusAsync(CancellationToken cancellationToken = default);
}

/// <summary>How much work there is, of all jobs.</summary>
public sealed record WorkStatus
{
    /// <summary>What there is for each detector.</summary>
    public required IReadOnlyList<DetectorWork> Detectors { get; init; }

    /// <summary>Stored results.</summary>
    public required long Results { get; init; }

    /// <summary>Work that was given up.</summary>
    public required long Dead { get; init; }
}

/// <summary>How much work there is for one detector.</summary>
/// <param name="Route">The detector (<see cref="DetectorFingerprint.Route"/>).</param>
/// <param name="Submitted">Messages that are stored, done or not.</param>
/// <param name="Pending">Never delivered.</param>
/// <param name="AckPending">Delivered and not answered yet.</param>
/// <param name="Redelivered">Of those, delivered more than once.</param>
/// <param name="HasWorkers">Whether a worker with this detector has ever taken work; without one it waits.</param>
public sealed record DetectorWork(string Route, long Submitted, long Pending, long AckPending, long Redelivered, bool HasWorkers);
