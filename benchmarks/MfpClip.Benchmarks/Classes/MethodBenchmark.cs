using MfpClip.Backbones.Clip;
using MfpClip.Backbones.Cnn;
using MfpClip.Detection;

namespace MfpClip.Benchmarks.Classes;

/// <summary>
/// Every zero-shot method of the catalogue with its own settings on one image, in bfloat16 on ViT-B/16; texts are cached. Other models: add them to
/// <see cref="Model"/>.
/// </summary>
public class MethodBenchmark
{
    private ZeroShotDetector _detector = null!;

    [ParamsSource(nameof(AllMethods))]
    public string Method { get; set; } = "mfp-clip";

    [ParamsSource(nameof(AllDevices))]
    public string Device { get; set; } = "cpu";

    [Params("ViT-B/16")]
    public string Model { get; set; } = "ViT-B/16";

    public static IEnumerable<string> AllDevices => Devices.All;

    public static IEnumerable<string> AllMethods => DetectorRegistry.Default.Methods
        .Where(m => !m.Description.NeedsReferences).Select(m => m.Description.Id);

    [GlobalSetup]
    public void Load()
    {
        var method = DetectorRegistry.Default.FindMethod(Method);
        var builder = new ZeroShotDetectorBuilder().UseBackbone(Workload.Backbone(
            ScalarType.BFloat16, Device, config: Model == "ViT-B/16" ? ClipPresets.ViTB16 : ClipPresets.ViTL14At336));
        if (method.Description.ReadsCnn)
        {
            builder.UseCnn(new ResNetOptions { RandomSeed = Workload.Seed });
        }

        builder.UseMethod(method.Create(Workload.Seed));
        _detector = builder.Build();
    }

    [Benchmark(Baseline = true)]
    public AnomalyResult Detect() => _detector.Detect(Workload.Image, new() { ClassName = Workload.ClassName });

    [GlobalCleanup]
    public void Free() => _detector.Dispose();
}
