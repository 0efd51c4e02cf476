using System.Diagnostics;
using System.Globalization;

namespace MfpClip.Diagnostics;

/// <summary>Watches the resident size of the process while something runs.</summary>
/// <remarks>
/// On Linux the kernel's own high-water mark, reset at the start where that is allowed; elsewhere a sample every 20 ms. Memory of a GPU is
/// not seen.
/// </remarks>
public sealed class PeakMemory : IDisposable
{
    private const string Reset = "/proc/self/clear_refs";
    private const string Status = "/proc/self/status";
    private readonly bool _kernel;
    private readonly Timer? _timer;
    private long _highest;

    /// <summary>Starts watching.</summary>
    public PeakMemory()
    {
        // What earlier phases left behind is not this one's.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        _kernel = TryReset();
        if (!_kernel)
        {
            _timer = new(_ => Sample(), null, 0, 20);
        }
    }

    /// <summary>Largest resident size since the start in bytes; <see langword="null"/>: not known.</summary>
    public long? Bytes
    {
        get
        {
            if (_kernel)
            {
                return HighWaterMark();
            }

            Sample();
            return _highest > 0 ? _highest : null;
        }
    }

    /// <summary>Largest resident size of the process since it started, or since the last watch began, in bytes; <see langword="null"/>: not known.</summary>
    public static long? OfProcess()
    {
        // Process.PeakWorkingSet64 is 0 on Linux in some containers; the kernel's mark is what it would read.
        if (File.Exists(Status))
        {
            return HighWaterMark();
        }

        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64 is > 0 and var peak ? peak : null;
    }

    /// <summary>Stops watching.</summary>
    public void Dispose() => _timer?.Dispose();

    private static long? HighWaterMark()
    {
        string? line = File.ReadLines(Status).FirstOrDefault(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        return line is not null && long.TryParse(line.AsSpan(6).Trim().TrimEnd("kB").Trim(), CultureInfo.InvariantCulture, out long kilobytes)
            ? kilobytes * 1024
            : null;
    }

    private void Sample()
    {
        using var process = Process.GetCurrentProcess();
        long now = process.WorkingSet64;
        long before;
        while (now > (before = Interlocked.Read(ref _highest)) && Interlocked.CompareExchange(ref _highest, now, before) != before)
        {
        }
    }

    private static bool TryReset()
    {
        try
        {
            if (!File.Exists(Reset) || !File.Exists(Status))
            {
                return false;
            }

            File.WriteAllText(Reset, "5"); // sets VmHWM back to the present size
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
