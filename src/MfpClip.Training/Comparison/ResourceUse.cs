using System.Diagnostics;
using System.Globalization;

namespace MfpClip.Training.Comparison;

/// <summary>Watches the resident size of the process while something runs.</summary>
/// <remarks>
/// On Linux the kernel's own high-water mark, reset at the start where that is allowed; elsewhere a sample every 20 ms. Memory of a GPU is
/// not seen.
/// </remarks>
internal sealed class PeakMemory : IDisposable
{
    private const string Reset = "/proc/self/clear_refs";
    private const string Status = "/proc/self/status";
    private readonly bool _kernel;
    private readonly Timer? _timer;
    private long _highest;

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

    /// <summary>Largest resident size so far in bytes; <see langword="null"/>: not known.</summary>
    public long? Bytes
    {
        get
        {
            if (_kernel)
            {
                string? line = File.ReadLines(Status).FirstOrDefault(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
                return line is not null && long.TryParse(line.AsSpan(6).Trim().TrimEnd("kB").Trim(), CultureInfo.InvariantCulture, out long kilobytes) ? kilobytes * 1024 : null;
            }

            Sample();
            return _highest > 0 ? _highest : null;
        }
    }

    public void Dispose() => _timer?.Dispose();

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

/// <summary>Times a detector on one image after the other.</summary>
internal static class LatencyMeasurement
{
    private const int WarmUp = 2;

    /// <summary>From decoded pixels to the result. Images are decoded before.</summary>
    public static Latency Measure(ZeroShotDetector detector, IReadOnlyList<(RgbImage Image, string ClassName)> images, Action<double> done, CancellationToken cancellationToken)
    {
        var times = new List<double>();
        for (int i = 0; i < images.Count + WarmUp; i++)
        {
            var (image, className) = images[i % images.Count];
            long start = Stopwatch.GetTimestamp();
            detector.Detect(image, new() { ClassName = className, IncludeImageMap = false }, cancellationToken);
            if (i >= WarmUp)
            {
                times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }

            done((i + 1.0) / (images.Count + WarmUp));
        }

        times.Sort();
        return new(At(0.5), At(0.95), times.Count);

        double At(double share) => times[Math.Max((int)Math.Ceiling(share * times.Count) - 1, 0)];
    }
}
