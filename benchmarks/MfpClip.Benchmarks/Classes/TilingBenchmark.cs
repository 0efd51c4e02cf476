using MfpClip.Imaging;

namespace MfpClip.Benchmarks.Classes;

/// <summary>
/// The default model on pictures of 1 to 300 megapixels in tiles of 640 pixels: the time of a megapixel stays the same, so the cost is linear in the area.
/// One call of the largest takes most of a minute: each is timed three times.
/// </summary>
[WarmupCount(1)]
[IterationCount(3)]
[InvocationCount(1)]
public class TilingBenchmark
{
    private ZeroShotDetector _detector = null!;
    private ImageInput _picture = null!;

    [Params(1, 4, 12, 24, 75, 300)]
    public int Megapixels { get; set; }

    [ParamsSource(nameof(AllDevices))]
    public string Device { get; set; } = "cpu";

    public static IEnumerable<string> AllDevices => Devices.All;

    [GlobalSetup]
    public void Load()
    {
        // Of what is larger than the picture's map, regions alone are given.
        _detector = new ZeroShotDetectorBuilder().UseDefaultModel().UseDevice(Device).WithTiling(new TilingOptions { TileSize = 640 })
            .WithImageLimits(new() { MaximumPixels = 400_000_000 }).Build(); // the pictures are in memory, not read by rows
        _detector.Detect(Workload.Image, Options);
        _picture = ImageInput.FromPixels(Workload.Large(Megapixels), "rendered");
    }

    [Benchmark]
    public AnomalyResult Detect() => _detector.Detect(_picture, Options);

    [GlobalCleanup]
    public void Free() => _detector.Dispose();

    private static DetectionOptions Options => new() { ClassName = Workload.ClassName, IncludeImageMap = false };
}
