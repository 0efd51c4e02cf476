using System.Text.Json.Serialization;

namespace MfpClip.Distributed;

/// <summary>What a worker found, small enough for a message: the result without its maps, and one map of reduced size.</summary>
public sealed record WorkResult
{
    /// <summary>The work's key.</summary>
    public required string Key { get; init; }

    /// <summary>The result as the library writes it without maps (<see cref="AnomalyResultJsonContext.WithoutMaps"/>).</summary>
    [JsonConverter(typeof(ResultConverter))]
    public required AnomalyResult Result { get; init; }

    /// <summary>The image's map, reduced; <see langword="null"/> where the worker keeps none, or where it would be too large.</summary>
    public ReducedMap? Map { get; init; }

    /// <summary>Name of the worker.</summary>
    public required string Worker { get; init; }

    /// <summary>When the worker began with the image.</summary>
    public required DateTimeOffset Started { get; init; }

    /// <summary>When the result was written.</summary>
    public required DateTimeOffset Completed { get; init; }

    /// <summary>The delivery that gave it: 1 is the first.</summary>
    public int Attempt { get; init; } = 1;

    /// <summary>The trace of the submission (W3C traceparent); <see langword="null"/> where nobody listened.</summary>
    public string? TraceParent { get; init; }
}

/// <summary>Why work cannot be done.</summary>
public enum DeadCause
{
    /// <summary>The message is no work item.</summary>
    Malformed,

    /// <summary>Its recipe, weights or calibration is not the worker's.</summary>
    WrongDetector,

    /// <summary>The worker may not read the image's URI, or no image store reads it.</summary>
    Forbidden,

    /// <summary>The image has other bytes than those that were submitted.</summary>
    Changed,

    /// <summary>The image cannot be decoded, or costs more than it may.</summary>
    Unreadable,

    /// <summary>The image could not be fetched, at any of the attempts.</summary>
    Unreachable,

    /// <summary>The detector failed on it.</summary>
    Failed,

    /// <summary>It was delivered as often as it may be, and no worker answered: they ended while they had it.</summary>
    Abandoned,
}

/// <summary>Work that ended without a result, and why.</summary>
public sealed record DeadItem
{
    /// <summary>The work; <see langword="null"/> where the message was none.</summary>
    public WorkItem? Item { get; init; }

    /// <summary>Name of the message: that of the work, or where it was none, its place in the queue.</summary>
    public required string Id { get; init; }

    /// <summary>The kind of reason.</summary>
    public required DeadCause Cause { get; init; }

    /// <summary>The reason as text.</summary>
    public required string Reason { get; init; }

    /// <summary>Deliveries, this one included.</summary>
    public required int Attempts { get; init; }

    /// <summary>Name of the worker.</summary>
    public required string Worker { get; init; }

    /// <summary>When it was given up.</summary>
    public required DateTimeOffset Time { get; init; }
}
