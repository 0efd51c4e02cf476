using System.Diagnostics;
using System.Globalization;
using MfpClip.Benchmarks.Classes;
using MfpClip.Execution;
using MfpClip.Kernels;

namespace MfpClip.Benchmarks.Quick;

/// <summary>
/// Where the time of a call goes: each stage of the forward pass and what is around it, and which kernels serve. On CUDA stages wait for the device, which
/// costs the whole call some time.
/// </summary>
internal static class StageTimes
{
    private const int Calls = 6, SmallCalls = 40;

    public static int Run(string device, bool smallOnly, TextWriter output)
    {
        foreach (var precision in smallOnly ? [] : new[] { ScalarType.Float32, ScalarType.BFloat16 })
        {
            using var built = Workload.Paper(Workload.Backbone(precision, device)).Build();
            using var trace = new ForwardTrace { WaitsForDevice = device != "cpu" };
            using var detector = built.WithContext(new() { Trace = trace });
            Print(output, $"paper's composition, {precision}", detector);
        }

        using (var built = Classes.TinyBenchmark.Tiny(device))
        using (var trace = new ForwardTrace { WaitsForDevice = device != "cpu" })
        using (var tiny = built.WithContext(new() { Trace = trace }))
        {
            Print(output, "small model", tiny, SmallCalls);
        }

        foreach (var (work, choice) in KernelMeasurement.Choices.OrderBy(c => c.Key.ToString(), StringComparer.Ordinal))
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{work.Kind} {work.Precision} 2^{work.LogRows} x {work.Inputs} -> {work.Outputs}: {choice.Name} "
                    + $"({string.Join(", ", choice.Milliseconds.Select(m => $"{m.Key} {m.Value.ToString("0.00", CultureInfo.InvariantCulture)}"))})"));
        }

        return 0;
    }

    private static void Print(TextWriter output, string name, ZeroShotDetector detector, int calls = Calls)
    {
        var rows = new Dictionary<string, List<double>>();
        for (int i = 0; i <= calls; i++)
        {
            long start = Stopwatch.GetTimestamp();
            var timings = detector.Detect(Workload.Image, new() { ClassName = Workload.ClassName }).Timings;
            if (i == 0)
            {
                continue; // measures kernels, packs weights
            }

            Add("whole call", Stopwatch.GetElapsedTime(start));
            Add("preprocessing", timings.Preprocess);
            Add("forward pass, from pixels to map", timings.Forward);
            foreach (var (stage, time) in timings.ForwardStages)
            {
                Add($"  {stage}", time);
            }

            Add("  before and after the stages", timings.Forward - timings.ForwardStages.Values.Aggregate(TimeSpan.Zero, (a, b) => a + b));
            Add("result from map and score", timings.Postprocess);
        }

        output.WriteLine(name);
        foreach (var (row, times) in rows)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"  {row}: best {times.Min():0.0}, median {times.Order().ElementAt(calls / 2):0.0} ms"));
        }

        void Add(string row, TimeSpan time) => (rows.TryGetValue(row, out var times) ? times : rows[row] = []).Add(time.TotalMilliseconds);
    }
}
