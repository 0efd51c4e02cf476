namespace MfpClip.Benchmarks.Classes;

/// <summary>The default model: its loading, and one image alone and in a batch of four.</summary>
public class TinyBenchmark
{
    private ZeroShotDetector _detector = null!;
    private ImageInput[] _batch = [];

    [ParamsSource(nameof(AllDevices))]
    public string Device { get; set; } = "cpu";

    public static IEnumerable<string> AllDevices => Devices.All;

    [GlobalSetup]
    public void Load()
    {
        _detector = Tiny(Device);
        _batch = [.. Enumerable.Repeat(Workload.Image, 4)];
    }

    [Benchmark(Baseline = true)]
    public AnomalyResult Detect() => _detector.Detect(Workload.Image, new() { ClassName = Workload.ClassName });

    [Benchmark(OperationsPerInvoke = 4)]
    public IReadOnlyList<AnomalyResult> DetectFour() => _detector.DetectBatch(_batch, new() { ClassName = Workload.ClassName });

    [Benchmark]
    public void Load_detector() => Tiny(Device).Dispose();

    [GlobalCleanup]
    public void Free() => _detector.Dispose();

    /// <summary>The model that ships, loaded from its package.</summary>
    internal static ZeroShotDetector Tiny(string device = "cpu") => new ZeroShotDetectorBuilder().UseDefaultModel().UseDevice(device).Build();
}
