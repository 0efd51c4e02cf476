using System.Diagnostics;
using TorchSharp;

namespace MfpClip.Fuzz.Soak;

/// <summary>
/// Detections for hours: images of every size, in memory and encoded, damaged ones between them, new class names, calls that are cancelled, references added,
/// removed, saved and read, by several callers at once. Memory, handles and tensors stay where they were once all has been used.
/// </summary>
internal static class SoakRun
{
    private const long MostMemory = 160L << 20;
    private const int MostHandles = 8, Period = 250;

    public static int Run(FuzzOptions options)
    {
        using var detector = SmallDetector.Build();
        using var work = new SoakWork(detector, options.Seed);
        long done = 0, refused = 0, cancelled = 0;
        var clock = Stopwatch.StartNew();
        SoakLevel? first = null, last = null;
        // In rounds, between which nothing runs: then what is held is held by the library.
        long round = Math.Clamp(options.Detections / 12, options.Callers, 2000), warm = Math.Max(3 * round, Math.Min(1200, options.Detections / 2));
        while (done < options.Detections)
        {
            long count = Math.Min(round, options.Detections - done), before = done;
            Parallel.For(0, count, new() { MaxDegreeOfParallelism = options.Callers }, i =>
            {
                var outcome = work.Detect(before + i);
                Interlocked.Add(ref refused, outcome == SoakOutcome.Refused ? 1 : 0);
                Interlocked.Add(ref cancelled, outcome == SoakOutcome.Cancelled ? 1 : 0);
            });
            done += count;
            last = SoakLevel.Now();
            if (first is null && done >= warm)
            {
                first = last;
            }

            if (done % Period < count || done >= options.Detections)
            {
                Console.WriteLine(FormattableString.Invariant(
                    $"{done} detections ({refused} refused, {cancelled} cancelled) in {clock.Elapsed.TotalSeconds:0} s: {last}"));
            }
        }

        var faults = Faults(first ?? last!, last!).Concat(work.Faults).ToList();
        faults.ForEach(f => Console.WriteLine($"FAILED {f}"));
        return faults.Count == 0 ? ExitCodes.Success : ExitCodes.Failures;
    }

    private static IEnumerable<string> Faults(SoakLevel first, SoakLevel last)
    {
        if (last.Tensors > first.Tensors + SoakWork.KeptTensors)
        {
            yield return $"tensors grew from {first.Tensors} to {last.Tensors}";
        }

        if (last.Handles > first.Handles + MostHandles)
        {
            yield return $"handles grew from {first.Handles} to {last.Handles}";
        }

        if (last.Managed > first.Managed + (MostMemory / 4))
        {
            yield return $"managed memory grew from {first.Managed >> 20} to {last.Managed >> 20} MiB";
        }

        if (last.Memory > first.Memory + MostMemory)
        {
            yield return $"memory grew from {first.Memory >> 20} to {last.Memory >> 20} MiB";
        }
    }
}

/// <summary>What the process holds while nothing runs.</summary>
internal sealed record SoakLevel(long Memory, long Managed, int Handles, long Tensors)
{
    public static SoakLevel Now()
    {
        for (int i = 0; i < 2; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        using var process = Process.GetCurrentProcess();
        int handles = OperatingSystem.IsLinux() ? Directory.GetFileSystemEntries("/proc/self/fd").Length : process.HandleCount;
        return new(Environment.WorkingSet, GC.GetTotalMemory(false), handles, torch.Tensor.TotalCount);
    }

    public override string ToString() => $"{Memory >> 20} MiB, of it managed {Managed >> 20} MiB, {Handles} handles, {Tensors} tensors";
}
