using MfpClip.Backbones.Cnn;
using MfpClip.Backbones.Dino;
using MfpClip.References;

namespace MfpClip.Benchmarks.Classes;

/// <summary>
/// Methods that judge by normal images alone, at published sizes (DINOv2-S at 448 px, WideResNet-50 at 224, DINOv2-L at 672) with random weights in
/// float32: learning one normal image (rotations
/// included), and detecting one image against two. Few and short runs: a model of the largest is slow to set up.
/// </summary>
[WarmupCount(1)]
[IterationCount(3)]
public class NormalImageBenchmark
{
    private const int References = 2;

    private ZeroShotDetector _alone = null!, _detector = null!;

    [Params("anomaly-dino", "patchcore", "subspace-ad")]
    public string Method { get; set; } = string.Empty;

    [ParamsSource(nameof(AllDevices))]
    public string Device { get; set; } = "cpu";

    public static IEnumerable<string> AllDevices => Devices.All;

    [GlobalSetup]
    public void Load()
    {
        var builder = new ZeroShotDetectorBuilder().UseDevice(Device);
        builder = Method switch
        {
            "anomaly-dino" => builder.UseRandomDinoBackbone(DinoPresets.Small, Workload.Seed).UseAnomalyDino(),
            "patchcore" => builder.UseCnn(new ResNetOptions { Architecture = ResNetArchitecture.WideResNet50, RandomSeed = Workload.Seed }).UsePatchCore(),
            _ => builder.UseRandomDinoBackbone(DinoPresets.Large, Workload.Seed).UseSubspaceAd(new() { RotatedCopies = 0 }),
        };
        _alone = builder.Build();
        _detector = _alone.WithReferences([.. Enumerable.Range(1, References).Select(Image)]);
    }

    /// <summary>One more normal image.</summary>
    [Benchmark]
    public ReferenceSummary? Fit()
    {
        using var fitted = _alone.WithReferences([Image(9)]);
        return fitted.References;
    }

    [Benchmark(Baseline = true)]
    public AnomalyResult Detect() => _detector.Detect(Workload.Image);

    [GlobalCleanup]
    public void Free()
    {
        _detector.Dispose();
        _alone.Dispose();
    }

    // The workload's image with other pixels in its first row: each counts as an image of its own.
    private static ImageInput Image(int number)
    {
        byte[] pixels = [.. Workload.Picture.Data];
        pixels.AsSpan(0, 3 * Workload.Picture.Width).Fill((byte)number);
        return ImageInput.FromPixels(new RgbImage(Workload.Picture.Width, Workload.Picture.Height, pixels), $"normal {number}");
    }
}
