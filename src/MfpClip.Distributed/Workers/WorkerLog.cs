using Microsoft.Extensions.Logging;

namespace MfpClip.Distributed;

/// <summary>What a worker logs: names of images without query and user, and no address with credentials.</summary>
internal static partial class WorkerLog
{
    [LoggerMessage(40, LogLevel.Information, "Worker '{Worker}' takes work for detector {Route}: batches of {Batch}, {Held} images in hand at most")]
    public static partial void Started(ILogger logger, string worker, string route, int batch, int held);

    [LoggerMessage(41, LogLevel.Information, "Worker '{Worker}' takes no more work and finishes the {Held} images in hand")]
    public static partial void Stopping(ILogger logger, string worker, int held);

    [LoggerMessage(42, LogLevel.Information, "Worker '{Worker}' ended: {Completed} results, {Duplicates} duplicates, {Retried} retries, {Dead} given up")]
    public static partial void Ended(ILogger logger, string worker, long completed, long duplicates, long retried, long dead);

    [LoggerMessage(43, LogLevel.Warning, "Work '{Id}' was given up after {Attempts} deliveries ({Cause}): {Reason}")]
    public static partial void Dead(ILogger logger, string id, int attempts, DeadCause cause, string reason);

    [LoggerMessage(44, LogLevel.Information, "Work '{Id}' is put back for {Seconds:F1} s after delivery {Attempt}: {Reason}")]
    public static partial void Retried(ILogger logger, string id, double seconds, int attempt, string reason);

    [LoggerMessage(45, LogLevel.Warning, "No work can be taken, it is tried again: {Reason}")]
    public static partial void CannotPull(ILogger logger, string reason);

    [LoggerMessage(46, LogLevel.Information, "Work can be taken again")]
    public static partial void CanPull(ILogger logger);

    [LoggerMessage(47, LogLevel.Warning, "Work '{Id}' could not be answered, it is delivered again: {Reason}")]
    public static partial void CannotAnswer(ILogger logger, string id, string reason);

    [LoggerMessage(48, LogLevel.Debug, "The status of the queue cannot be read: {Reason}")]
    public static partial void NoStatus(ILogger logger, string reason);
}
