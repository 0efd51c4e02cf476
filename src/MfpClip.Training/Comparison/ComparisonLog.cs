using Microsoft.Extensions.Logging;

namespace MfpClip.Training.Comparison;

/// <summary>What a comparison logs.</summary>
internal static partial class ComparisonLog
{
    [LoggerMessage(140, LogLevel.Information, "Comparison: {Method} with seed {Seed} in {Folder}")]
    public static partial void Running(ILogger logger, string method, long seed, string folder);

    [LoggerMessage(141, LogLevel.Warning, "Comparison: {Method} cannot be composed: {Reason}")]
    public static partial void NotComposed(ILogger logger, string method, string reason);
}
