using System.Diagnostics;
using System.Runtime.InteropServices;
using TorchSharp;

namespace MfpClip.Fuzz;

/// <summary>What a run has seen.</summary>
internal sealed record FuzzSummary(string Target, long Seed, long First, long Inputs, long Accepted, double Seconds, double Slowest, long Largest)
{
    public IReadOnlyList<string> Failures { get; init; } = [];

    public override string ToString() => FormattableString.Invariant(
        $"{Target,-16} seed {Seed}, inputs {First} to {First + Inputs - 1}: {Inputs / Math.Max(Seconds, 1e-3):0}/s, ")
        + FormattableString.Invariant($"{100.0 * Accepted / Math.Max(Inputs, 1):0.0} % accepted, ")
        + FormattableString.Invariant($"slowest {1000 * Slowest:0} ms, most allocated {Largest / 1e6:0.0} MB, {Failures.Count} failures");
}

/// <summary>Feeds one target with one input after another, and watches what each costs.</summary>
internal sealed class FuzzRun(FuzzTarget target, IReadOnlyList<byte[]> corpus, string folder, string failures)
{
    private const long MostResident = 6L << 30;
    private static readonly TimeSpan Stuck = TimeSpan.FromSeconds(90);
    private readonly Dictionary<string, string> _found = new(StringComparer.Ordinal);
    private long _current = -1;
    private long _started = Stopwatch.GetTimestamp();

    /// <summary>Runs inputs.</summary>
    /// <param name="seed">From which they follow.</param>
    /// <param name="first">Number of the first one.</param>
    /// <param name="count">How many.</param>
    /// <param name="limit">Time after which it ends.</param>
    public FuzzSummary Run(long seed, long first, long count, TimeSpan limit)
    {
        using var position = new Position(Path.Combine(folder, "position"));
        using var watch = new Timer(_ => CheckStuck(seed), null, Stuck, TimeSpan.FromSeconds(5));
        string work = Directory.CreateDirectory(Path.Combine(folder, target.Name)).FullName;
        var feed = target.Prepare(work);
        Try(feed, corpus[0], out _, out _); // what is loaded and compiled once counts for nobody
        var clock = Stopwatch.StartNew();
        long accepted = 0, done = 0, largest = 0;
        double slowest = 0;
        for (; done < count && clock.Elapsed < limit; done++)
        {
            long number = first + done;
            position.Set(number);
            byte[] input = target.Make(corpus, seed, number);
            Interlocked.Exchange(ref _started, Stopwatch.GetTimestamp());
            Interlocked.Exchange(ref _current, number);
            long tensors = torch.Tensor.TotalCount;
            var error = Try(feed, input, out double seconds, out long bytes);
            long left = torch.Tensor.TotalCount - tensors;
            accepted += error is null ? 1 : 0;
            (slowest, largest) = (Math.Max(slowest, seconds), Math.Max(largest, bytes));
            string? fault = error is not null and not MfpClipException ? $"{error.GetType().Name} at {Place(error)}: {error.Message}"
                : seconds > target.MostSeconds ? FormattableString.Invariant($"took {seconds:0.0} s")
                : bytes > target.MostBytes ? $"allocated {bytes >> 20} MiB"
                : left > 0 ? $"left {left} tensors" : null;
            if (fault is not null)
            {
                Keep(fault, input, seed, number, error);
            }

            if (done % 256 == 0 && Environment.WorkingSet > MostResident)
            {
                Keep($"the process holds {Environment.WorkingSet >> 20} MiB", input, seed, number, null);
                break;
            }
        }

        return new(target.Name, seed, first, done, accepted, clock.Elapsed.TotalSeconds, slowest, largest) { Failures = [.. _found.Values] };
    }

    private static Exception? Try(Action<byte[]> feed, byte[] input, out double seconds, out long bytes)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        double start = ProcessorTime.OfThread();
        Exception? error = null;
        try
        {
            feed(input);
        }
        catch (Exception e)
        {
            error = e;
        }

        (seconds, bytes) = (ProcessorTime.OfThread() - start, GC.GetAllocatedBytesForCurrentThread() - before);
        return error;
    }

    // One of a kind is kept.
    private void Keep(string fault, byte[] input, long seed, long number, Exception? error)
    {
        string kind = error is null ? fault.Split(' ')[0] : $"{error.GetType().Name} {Place(error)}";
        if (!_found.TryAdd(kind, $"{target.Name} --seed {seed} --first {number}: {fault.ReplaceLineEndings(" ")}"))
        {
            return;
        }

        Directory.CreateDirectory(failures);
        File.WriteAllBytes(Path.Combine(failures, FormattableString.Invariant($"{target.Name}-{seed}-{number}.bin")), input);
        Console.WriteLine($"FAILED {_found[kind]}");
        if (error is not null)
        {
            Console.WriteLine(string.Join('\n', error.ToString().Split('\n').Take(14)));
        }
    }

    private static string Place(Exception error) => new StackTrace(error, true).GetFrames()
        .FirstOrDefault(f => f.GetMethod()?.DeclaringType?.Namespace?.StartsWith("MfpClip", StringComparison.Ordinal) == true) is { } frame
        ? $"{frame.GetMethod()!.DeclaringType!.Name}.{frame.GetMethod()!.Name}:{frame.GetFileLineNumber()}" : "unknown";

    private void CheckStuck(long seed)
    {
        long current = Interlocked.Read(ref _current);
        if (current >= 0 && Stopwatch.GetElapsedTime(Interlocked.Read(ref _started)) > Stuck)
        {
            Console.WriteLine($"FAILED {target.Name} --seed {seed} --first {current}: it does not end");
            Console.Out.Flush();
            Environment.Exit(ExitCodes.Stuck);
        }
    }

    // Read by who started this process, if an input ends it.
    private sealed class Position(string path) : IDisposable
    {
        private readonly FileStream _file = new(path, FileMode.Create, FileAccess.Write, FileShare.ReadWrite, 0);

        public void Set(long number)
        {
            Span<byte> bytes = stackalloc byte[sizeof(long)];
            MemoryMarshal.Write(bytes, in number);
            RandomAccess.Write(_file.SafeFileHandle, bytes, 0);
        }

        public void Dispose() => _file.Dispose();
    }
}

/// <summary>How the program ends.</summary>
internal static class ExitCodes
{
    public const int Success = 0, Failures = 1, Usage = 2, Stuck = 70;
}

/// <summary>Time that the processor spent, whatever else runs on the machine.</summary>
internal static partial class ProcessorTime
{
    /// <summary>Of this thread, in seconds; elsewhere than on Linux the clock on the wall.</summary>
    public static double OfThread()
    {
        const int ThreadTime = 3;
        return OperatingSystem.IsLinux() && ClockGetTime(ThreadTime, out var time) == 0 ? time.Seconds + (time.Nanoseconds / 1e9)
            : Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ClockGetTime(int clock, out Time time);

    private struct Time
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
