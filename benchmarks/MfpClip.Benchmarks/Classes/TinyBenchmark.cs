using MfpClip.Backbone.Hybrid;

namespace MfpClip.Benchmarks.Classes;

/// <summary>The small model's composition (random weights) on one image, alone and in a batch of four.</summary>
public class TinyBenchmark
{
    private ZeroShotDetector _detector = null!;
    private ImageInput[] _batch = [];

    [GlobalSetup]
    public void Load()
    {
        _detector = Tiny();
        _batch = [.. Enumerable.Repeat(Workload.Image, 4)];
    }

    [Benchmark(Baseline = true)]
    public AnomalyResult Detect() => _detector.Detect(Workload.Image, new() { ClassName = Workload.ClassName });

    [Benchmark(OperationsPerInvoke = 4)]
    public IReadOnlyList<AnomalyResult> DetectFour() => _detector.DetectBatch(_batch, new() { ClassName = Workload.ClassName });

    [GlobalCleanup]
    public void Free() => _detector.Dispose();

    internal static ZeroShotDetector Tiny()
    {
        var config = new HybridConfig();
        var builder = new ZeroShotDetectorBuilder().UseBackbone(HybridBackbone.CreateRandom(config, Workload.Seed))
            .UseCnn(new Cnn.EfficientNetLiteOptions { RandomSeed = Workload.Seed, InputSize = HybridComposition.CnnInputSize });
        return HybridComposition.Apply(builder, config.Vision.ImageSize).Build();
    }
}
