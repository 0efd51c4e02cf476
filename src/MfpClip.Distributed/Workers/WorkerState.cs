namespace MfpClip.Distributed;

/// <summary>How a worker is, for health checks.</summary>
public sealed record WorkerState
{
    /// <summary>Its name.</summary>
    public required string Worker { get; init; }

    /// <summary>Whether it takes work now, or finishes what it has.</summary>
    public required bool IsRunning { get; init; }

    /// <summary>Why no work can be taken, as text; <see langword="null"/>: it can.</summary>
    public string? Fault { get; init; }

    /// <summary>Since when that is so.</summary>
    public DateTimeOffset? FaultSince { get; init; }

    /// <summary>Deliveries in hand.</summary>
    public required int Held { get; init; }

    /// <summary>How long the oldest of them has been.</summary>
    public required TimeSpan OldestHeld { get; init; }

    /// <summary>
    /// Whether the oldest takes longer than one may (<see cref="WorkerOptions.MaximumTime"/>): the detector or a share hangs, restart the process.
    /// </summary>
    public required bool IsStuck { get; init; }

    /// <summary>Results written.</summary>
    public required long Completed { get; init; }

    /// <summary>Deliveries whose result was there already.</summary>
    public required long Duplicates { get; init; }

    /// <summary>Deliveries that were given up.</summary>
    public required long Dead { get; init; }

    /// <summary>Deliveries that were put back for a later attempt.</summary>
    public required long Retried { get; init; }
}
