using System.Diagnostics;
using System.Text.Json;
using MfpClip.Backbones.Clip;
using MfpClip.Benchmarks.Classes;
using MfpClip.Execution;
using MfpClip.Kernels;

namespace MfpClip.Benchmarks.Quick;

/// <summary>
/// The paper's composition (random weights, ViT-L/14@336, 518 px, every module on) and its tower alone on a GPU, in three precisions,
/// beside the matrix products that the card reaches; scores against those of the CPU in float32. One process, best times.
/// </summary>
internal static class CudaRun
{
    private const int Rounds = 10, Batch = 16;

    public static int Run(TextWriter output, TextWriter log)
    {
        if (!Devices.All.Contains("cuda"))
        {
            log.WriteLine(Devices.Remark);
            return 2;
        }

        var values = new Dictionary<string, double?>();
        double reference;
        using (var cpu = Workload.Paper(Workload.Backbone(ScalarType.Float32, kernels: KernelChoice.Plain)).Build())
        {
            reference = Detect(cpu, 1);
        }

        foreach (var (name, precision) in new[] { ("fp32", ScalarType.Float32), ("bf16", ScalarType.BFloat16), ("fp16", ScalarType.Float16) })
        {
            var backbone = Workload.Backbone(precision, "cuda"); // goes with the detector
            using var detector = Workload.Paper(backbone).Build();
            values[$"score_difference_{name}"] = Math.Abs(Detect(detector, 1) - reference);
            Detect(detector, Batch);
            double one = Best(() => Detect(detector, 1)), many = Best(() => Detect(detector, Batch));
            double tower = Best(() => Blocks(backbone, 1)), towers = Best(() => Blocks(backbone, Batch)), peak = Peak(precision);
            values[$"detect_{name}_ms"] = Math.Round(one, 2);
            values[$"images_per_second_{name}"] = Math.Round(Batch * 1000 / many, 1);
            values[$"image_tower_{name}_ms"] = Math.Round(tower, 2);
            values[$"image_tower_{name}_of_{Batch}_ms"] = Math.Round(towers, 2);
            values[$"{name}_tower_fraction_of_matmul_peak"] = Math.Round(Batch * QuickRun.TowerFlop / (towers / 1e3) / peak, 4);
            log.WriteLine(FormattableString.Invariant(
                $"{name}: Detect {one:0.00} ms, {Batch} images {many:0.0} ms, tower {tower:0.00} and {towers:0.0} ms, product {peak / 1e12:0} TFLOP/s"));
        }

        using (var tiny = Classes.TinyBenchmark.Tiny("cuda"))
        {
            Detect(tiny, Batch);
            values["tiny_detect_ms"] = Math.Round(Best(() => Detect(tiny, 1)), 2);
            values["tiny_images_per_second"] = Math.Round(Batch * 1000 / Best(() => Detect(tiny, Batch)), 1);
        }

        output.WriteLine(JsonSerializer.Serialize(values));
        return 0;
    }

    private static double Detect(ZeroShotDetector detector, int images) =>
        detector.DetectBatch([.. Enumerable.Repeat(Workload.Image, images)], new() { ClassName = Workload.ClassName })[0].Score;

    private static void Blocks(ClipBackbone clip, int images)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        clip.Vision.RunBlocks(torch.zeros([images, 1370, 1024], clip.Vision.Precision, clip.Vision.Device), 0, clip.Vision.Layers, ForwardContext.Default);
        torch.cuda.synchronize();
    }

    // The MLP's first product for a batch, as the tower computes it.
    private static double Peak(ScalarType precision)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var x = torch.randn([Batch * 1370, 1024], device: torch.CUDA).to_type(precision);
        var w = torch.randn([4096, 1024], device: torch.CUDA).to_type(precision);
        const int Products = 20;
        double milliseconds = Best(() =>
        {
            for (int i = 0; i < Products; i++)
            {
                F.linear(x, w).Dispose();
            }

            torch.cuda.synchronize();
        });
        return Products * 2.0 * Batch * 1370 * 1024 * 4096 / (milliseconds / 1e3);
    }

    private static double Best(Action run)
    {
        double best = double.PositiveInfinity;
        for (int i = 0; i < Rounds; i++)
        {
            long start = Stopwatch.GetTimestamp();
            run();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        return best;
    }
}
