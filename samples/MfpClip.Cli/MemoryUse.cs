using System.Diagnostics;
using System.Globalization;

namespace MfpClip.Cli;

/// <summary>How much memory this process has needed.</summary>
internal static class MemoryUse
{
    /// <summary>Largest resident size in bytes; <see langword="null"/> where the system does not say.</summary>
    public static long? Peak()
    {
        // Process.PeakWorkingSet64 is 0 on Linux in some containers; VmHWM is what it would read.
        if (File.Exists("/proc/self/status"))
        {
            string? line = File.ReadLines("/proc/self/status").FirstOrDefault(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
            return line is not null && long.TryParse(line.AsSpan(6).Trim().TrimEnd("kB").Trim(), CultureInfo.InvariantCulture, out long kilobytes) ? kilobytes * 1024 : null;
        }

        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64 is > 0 and var peak ? peak : null;
    }
}
