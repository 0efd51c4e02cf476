using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using MfpClip.Benchmarks.Classes;

namespace MfpClip.Benchmarks.Quick;

/// <summary>
/// What other work on the machine costs a detection: the default model with none, one, two and four competing busy loops, which take turns, and within a
/// quota of one processor. With as many threads as processors P and L loops of one thread each the fair factor is (P + L) / P.
/// </summary>
internal static class BusyRun
{
    /// <summary>The argument by which this program measures once and prints the median.</summary>
    public const string Once = "--busy-once";

    private const int Rounds = 4, Calls = 15;
    private static readonly int[] Loops = [0, 1, 2, 4];

    public static int Run(TextWriter output, TextWriter log)
    {
        using var tiny = TinyBenchmark.Tiny();
        Call(tiny, 3);
        var times = Loops.ToDictionary(l => l, _ => new List<double>());
        for (int round = 0; round < Rounds; round++)
        {
            foreach (int loops in Loops)
            {
                using var busy = new BusyLoops(loops);
                times[loops].AddRange(Call(tiny, Calls));
            }
        }

        var values = new Dictionary<string, double?> { ["processors"] = Environment.ProcessorCount, ["threads"] = torch.get_num_threads() };
        double idle = Median(times[0]);
        foreach (int loops in Loops)
        {
            double median = Median(times[loops]), fair = (Environment.ProcessorCount + (double)loops) / Environment.ProcessorCount;
            log.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{loops} busy loops: median {median:0.0} ms, best {times[loops].Min():0.0}, worst {times[loops].Max():0.0}; "
                    + $"{median / idle:0.00} of idle, fair {fair:0.00}"));
            values[loops == 0 ? "idle_ms" : $"busy_{loops}_over_idle"] = Math.Round(loops == 0 ? median : median / idle, 3);
        }

        values["quota_of_one_over_idle"] = Quota(idle, log);
        output.WriteLine(JsonSerializer.Serialize(values));
        return 0;
    }

    /// <summary>Measures in this process and prints the median.</summary>
    public static int RunOnce(TextWriter output)
    {
        using var tiny = TinyBenchmark.Tiny();
        Call(tiny, 3);
        output.WriteLine(Median(Call(tiny, 2 * Calls)).ToString(CultureInfo.InvariantCulture));
        return 0;
    }

    private static double? Quota(double idle, TextWriter log)
    {
        using var group = ProcessorQuota.Create(1, out string? reason);
        if (group is null)
        {
            log.WriteLine($"No quota was tried: {reason}");
            return null;
        }

        var own = BusyLoops.Again(Once);
        using var process = Process.Start(group.Enter(own))!;
        string? line = process.StandardOutput.ReadLine();
        process.WaitForExit();
        if (!double.TryParse(line, CultureInfo.InvariantCulture, out double median))
        {
            log.WriteLine($"The process within the quota ended with {process.ExitCode}.");
            return null;
        }

        log.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"quota of one processor: median {median:0.0} ms, {median / idle:0.00} of idle, fair {Environment.ProcessorCount:0.00}"));
        return Math.Round(median / idle, 3);
    }

    private static List<double> Call(ZeroShotDetector detector, int calls)
    {
        var times = new List<double>(calls);
        for (int i = 0; i < calls; i++)
        {
            long start = Stopwatch.GetTimestamp();
            detector.Detect(Workload.Image, new() { ClassName = Workload.ClassName });
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        return times;
    }

    private static double Median(List<double> times) => times.Order().ElementAt(times.Count / 2);
}
