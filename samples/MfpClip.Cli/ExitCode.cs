namespace MfpClip.Cli;

/// <summary>What the program's exit code says; docs/command-line.md and <c>--help</c> list the same.</summary>
internal static class ExitCode
{
    /// <summary>Everything was done.</summary>
    public const int Success = 0;

    /// <summary>An error ended the command, or a report could not be written.</summary>
    public const int Error = 1;

    /// <summary>The command line is wrong: an unknown option, a value that is not possible, options that contradict or have no effect.</summary>
    public const int BadOptions = 2;

    /// <summary>Done in part: some images, outputs or runs failed, each named on the error stream.</summary>
    public const int SomeFailed = 3;

    /// <summary>No image could be read; nothing was written.</summary>
    public const int NothingReadable = 4;

    /// <summary>Everything was done and an image is anomalous; with <c>--fail-on-anomaly</c> only.</summary>
    public const int AnomalyFound = 5;

    /// <summary>Stopped by Ctrl+C or SIGTERM; what was finished is kept.</summary>
    public const int Cancelled = 130;

    /// <summary>The list at the end of every help page.</summary>
    public static string Help { get; } = string.Join(Environment.NewLine,
        "Exit codes:",
        "  0    everything was done",
        "  1    an error ended the command, or a report could not be written",
        "  2    the command line is wrong: see the message",
        "  3    done in part: some images, outputs or runs failed, each named on the error stream",
        "  4    no image could be read; nothing was written",
        "  5    an image is anomalous (with --fail-on-anomaly only)",
        "  130  stopped by Ctrl+C or SIGTERM; what was finished is kept");
}
