using Microsoft.Extensions.Logging;

namespace MfpClip.Training.Studies;

/// <summary>What ablations and comparisons log.</summary>
internal static partial class StudyLog
{
    [LoggerMessage(120, LogLevel.Information, "Ablation: '{Row}' with seed {Seed} in {Folder}")]
    public static partial void Ablating(ILogger logger, string row, long seed, string folder);

    [LoggerMessage(140, LogLevel.Information, "Comparison: {Method} with seed {Seed} in {Folder}")]
    public static partial void Comparing(ILogger logger, string method, long seed, string folder);

    [LoggerMessage(141, LogLevel.Warning, "Comparison: {Method} cannot be composed: {Reason}")]
    public static partial void NotComposed(ILogger logger, string method, string reason);
}
