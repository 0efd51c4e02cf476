namespace MfpClip.Distributed;

/// <summary>Where a worker takes work from. Each message is delivered at least once; one that is not answered in time is delivered again.</summary>
public interface IWorkSource
{
    /// <summary>The time in which a delivery has to be answered, or reported to be in work (<see cref="IWorkDelivery.ReportProgressAsync"/>).</summary>
    TimeSpan AckWait { get; }

    /// <summary>Takes work as it comes, for a moment: ends when <paramref name="most"/> were delivered or <paramref name="wait"/> has passed.</summary>
    /// <param name="detector">The worker's detector: work for others is left to them.</param>
    /// <param name="most">Deliveries at most.</param>
    /// <param name="wait">Time to wait for them.</param>
    /// <param name="cancellationToken">Ends the call; what was delivered and not taken is delivered again later.</param>
    /// <exception cref="WorkException">The engine cannot be reached.</exception>
    IAsyncEnumerable<IWorkDelivery> PullAsync(DetectorFingerprint detector, int most, TimeSpan wait, CancellationToken cancellationToken = default);
}

/// <summary>A message in a worker's hands. It is answered once: completed, retried or rejected.</summary>
public interface IWorkDelivery
{
    /// <summary>The work; <see langword="null"/> where the message is none.</summary>
    WorkItem? Item { get; }

    /// <summary>Why it is none.</summary>
    string? Fault { get; }

    /// <summary>Name of the message: that of the work, or its place in the queue.</summary>
    string Id { get; }

    /// <summary>The delivery: 1 is the first.</summary>
    int Attempt { get; }

    /// <summary>W3C traceparent of the submission; <see langword="null"/> where nobody listened.</summary>
    string? TraceParent { get; }

    /// <summary>Done: its result is stored. Not delivered again.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    Task CompleteAsync(CancellationToken cancellationToken = default);

    /// <summary>Not done; it is delivered again, to any worker.</summary>
    /// <param name="delay">After this time at the earliest.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task RetryAsync(TimeSpan delay, CancellationToken cancellationToken = default);

    /// <summary>Cannot be done: the reason is stored (<see cref="IResultSink.AddDeadAsync"/>). Not delivered again.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    Task RejectAsync(CancellationToken cancellationToken = default);

    /// <summary>Still in work: the time to answer starts from now.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    Task ReportProgressAsync(CancellationToken cancellationToken = default);
}
