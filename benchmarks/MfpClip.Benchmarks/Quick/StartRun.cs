using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using MfpClip.Benchmarks.Classes;

namespace MfpClip.Benchmarks.Quick;

/// <summary>From the start of a process to its first result, and its peak memory: the default model, in fresh processes; the best of some counts.</summary>
internal static class StartRun
{
    /// <summary>The argument by which this program is such a process.</summary>
    public const string Once = "--start-once";

    private const int Processes = 5;

    public static int Run(TextWriter output, TextWriter log)
    {
        var runs = new List<double[]>();
        for (int i = 0; i < Processes; i++)
        {
            using var process = Process.Start(BusyLoops.Again(Once))!;
            string line = process.StandardOutput.ReadLine() ?? string.Empty;
            process.WaitForExit();
            runs.Add([.. line.Split(' ').Select(v => double.Parse(v, CultureInfo.InvariantCulture))]);
            log.WriteLine($"program, native library, model, first result (ms since the start), peak memory (MB): {line}");
        }

        output.WriteLine(JsonSerializer.Serialize(new Dictionary<string, double>
        {
            ["program_ms"] = runs.Min(r => r[0]), ["native_library_ms"] = runs.Min(r => r[1]), ["model_ms"] = runs.Min(r => r[2]),
            ["first_result_ms"] = runs.Min(r => r[3]), ["peak_mb"] = runs.Min(r => r[4]),
        }));
        return 0;
    }

    /// <summary>Is such a process.</summary>
    public static int RunOnce(TextWriter output)
    {
        using var own = Process.GetCurrentProcess();
        double program = Since(own);
        MfpClipEnvironment.Check();
        double native = Since(own);
        using var tiny = TinyBenchmark.Tiny();
        double model = Since(own);
        tiny.Detect(Workload.Image);
        double result = Since(own);
        own.Refresh();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{program:0} {native:0} {model:0} {result:0} {own.PeakWorkingSet64 / 1e6:0}"));
        return 0;
    }

    private static double Since(Process process) => (DateTime.Now - process.StartTime).TotalMilliseconds;
}
