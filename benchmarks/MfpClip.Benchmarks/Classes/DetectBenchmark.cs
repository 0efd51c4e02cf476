using MfpClip.Kernels;

namespace MfpClip.Benchmarks.Classes;

/// <summary>Whole calls of the paper's composition on ViT-L/14@336, every module on: from decoded pixels to map, score and regions.</summary>
public class DetectBenchmark
{
    private ZeroShotDetector _plain = null!;
    private ZeroShotDetector _detector = null!;
    private ImageInput[] _images = [];

    [ParamsSource(nameof(AllDevices))]
    public string Device { get; set; } = "cpu";

    [Params(ScalarType.Float32, ScalarType.BFloat16)]
    public ScalarType Precision { get; set; }

    [ParamsSource(nameof(AllBatches))]
    public int Images { get; set; } = 1;

    public static IEnumerable<string> AllDevices => Devices.All;

    public static IEnumerable<int> AllBatches => Devices.Batches;

    [GlobalSetup]
    public void Load()
    {
        _plain = Workload.Paper(Workload.Backbone(Precision, Device, KernelChoice.Plain)).Build();
        _detector = Workload.Paper(Workload.Backbone(Precision, Device)).Build();
        _images = [.. Enumerable.Repeat(Workload.Image, Images)];
    }

    [Benchmark(Baseline = true, Description = "towers of plain operators")]
    public IReadOnlyList<AnomalyResult> Plain() => Run(_plain);

    [Benchmark(Description = "measured kernels")]
    public IReadOnlyList<AnomalyResult> Measured() => Run(_detector);

    [GlobalCleanup]
    public void Free()
    {
        _plain.Dispose();
        _detector.Dispose();
    }

    private IReadOnlyList<AnomalyResult> Run(ZeroShotDetector detector)
    {
        var results = detector.DetectBatch(_images, new() { ClassName = Workload.ClassName });
        Devices.Finish(Device);
        return results;
    }
}
