using System.Diagnostics;
using System.Text.Json;
using MfpClip.Benchmarks.Classes;
using MfpClip.Kernels;

namespace MfpClip.Benchmarks.Quick;

/// <summary>
/// The targets' ratios in one process: whole <c>Detect</c> calls of the paper's composition with every module on (random weights, ViT-L/14@336,
/// 518 px) against the same calls with towers of libtorch's plain operators in float32, and against ONNX Runtime on the 24 blocks alone.
/// The contestants take turns, and the best time of each counts, so that a disturbance meets none of them alone.
/// </summary>
internal static class QuickRun
{
    private const int Rounds = 4;
    private const double Tokens = 1370, Width = 1024, Layers = 24;

    // Multiply-adds of the blocks count twice: 24 d^2 per token and layer for the linear layers, 4 T d for attention.
    internal const double TowerFlop = Layers * Tokens * ((24 * Width * Width) + (4 * Tokens * Width));

    public static int Run(string? peers, TextWriter output, TextWriter log)
    {
        log.WriteLine(Devices.Remark);
        log.WriteLine($"{torch.get_num_threads()} threads. Detect is everything from decoded pixels to map, score and regions; ONNX Runtime runs "
            + $"the 24 blocks only.");
        using var onnx = OnnxPeer.Open(peers, out string? reason);
        if (onnx is null)
        {
            log.WriteLine($"The ratios against ONNX Runtime are null: {reason}");
        }

        using var eager = Workload.Paper(Workload.Backbone(ScalarType.Float32, kernels: KernelChoice.Plain)).Build();
        using var single = Workload.Paper(Workload.Backbone(ScalarType.Float32)).Build();
        using var half = Workload.Paper(Workload.Backbone(ScalarType.BFloat16)).Build();
        var contestants = new Dictionary<string, Action>
        {
            ["eager fp32"] = () => Detect(eager), ["fp32"] = () => Detect(single), ["bf16"] = () => Detect(half),
        };
        if (onnx is not null)
        {
            contestants["ONNX Runtime fp32"] = onnx.Run;
        }

        var scores = new[] { eager, single, half }.Select(Detect).ToArray(); // warms up, and lets kernels be measured
        var times = Best(contestants, Rounds, log);
        var (single32, half16) = (MatrixPeak.Measure(ScalarType.Float32), MatrixPeak.Measure(ScalarType.BFloat16));
        log.WriteLine($"Fastest product [1370, 1024] x [1024, 4096]: {single32 / 1e9:0} GFLOP/s in fp32, {half16 / 1e9:0} in bf16.");
        var outside = OutsideFraction.Measure(log);
        var (tiny, tinyLoad) = Tiny(log);
        output.WriteLine(JsonSerializer.Serialize(new Dictionary<string, double?>
        {
            ["detect_bf16_vs_onnxruntime_fp32"] = Ratio(times, "ONNX Runtime fp32", "bf16"),
            ["detect_fp32_vs_onnxruntime_fp32"] = Ratio(times, "ONNX Runtime fp32", "fp32"),
            ["detect_bf16_vs_eager_fp32"] = Ratio(times, "eager fp32", "bf16"),
            ["detect_fp32_vs_eager_fp32"] = Ratio(times, "eager fp32", "fp32"),
            ["bf16_fraction_of_matmul_peak"] = Round(TowerFlop / (times["bf16"] / 1e3) / half16),
            ["fp32_fraction_of_matmul_peak"] = Round(TowerFlop / (times["fp32"] / 1e3) / single32),
            ["outside_image_tower_fraction"] = Round(outside),
            ["tiny_detect_ms"] = Round(tiny),
            ["tiny_load_ms"] = Round(tinyLoad),
            ["score_difference_bf16"] = Math.Abs(scores[2] - scores[0]),
            ["score_difference_fp32"] = Math.Abs(scores[1] - scores[0]),
        }));
        return 0;
    }

    /// <summary>The best time of each in milliseconds; they take turns.</summary>
    internal static Dictionary<string, double> Best(Dictionary<string, Action> contestants, int rounds, TextWriter log)
    {
        var times = contestants.Keys.ToDictionary(k => k, _ => new List<double>());
        for (int round = 0; round < rounds; round++)
        {
            foreach (var (name, run) in contestants)
            {
                long start = Stopwatch.GetTimestamp();
                run();
                times[name].Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
        }

        foreach (var (name, all) in times)
        {
            log.WriteLine($"{name}: {string.Join(", ", all.Select(t => t.ToString("0.0", System.Globalization.CultureInfo.InvariantCulture)))} ms");
        }

        return times.ToDictionary(t => t.Key, t => t.Value.Min());
    }

    private static double Detect(ZeroShotDetector detector) => detector.Detect(Workload.Image, new() { ClassName = Workload.ClassName }).Score;

    // The default model from its package: loading for the first time in this process, then calls.
    private static (double Detect, double Load) Tiny(TextWriter log)
    {
        long start = Stopwatch.GetTimestamp();
        using var tiny = TinyBenchmark.Tiny();
        double load = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        log.WriteLine(FormattableString.Invariant($"tiny: CreateDefault {load:0} ms"));
        Detect(tiny);
        return (Best(new() { ["tiny"] = () => Detect(tiny) }, 10, log)["tiny"], load);
    }

    private static double? Ratio(Dictionary<string, double> times, string slow, string fast) =>
        times.TryGetValue(slow, out double s) ? Round(s / times[fast]) : null;

    private static double Round(double value) => Math.Round(value, 4);
}
