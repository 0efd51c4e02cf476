using Microsoft.Extensions.Logging;

namespace MfpClip.Training.Ablation;

/// <summary>What a study logs.</summary>
internal static partial class AblationLog
{
    [LoggerMessage(120, LogLevel.Information, "Ablation: '{Row}' with seed {Seed} in {Folder}")]
    public static partial void Running(ILogger logger, string row, long seed, string folder);
}
