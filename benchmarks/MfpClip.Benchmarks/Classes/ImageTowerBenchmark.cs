using MfpClip.Backbones.Clip;
using MfpClip.Execution;
using MfpClip.Kernels;

namespace MfpClip.Benchmarks.Classes;

/// <summary>The 24 blocks of ViT-L/14@336 on the 1,370 tokens of a 518 x 518 image.</summary>
public class ImageTowerBenchmark
{
    private ClipBackbone _clip = null!;
    private ClipBackbone _plain = null!;
    private Tensor _tokens = null!;

    [ParamsSource(nameof(AllDevices))]
    public string Device { get; set; } = "cpu";

    [Params(ScalarType.Float32, ScalarType.BFloat16)]
    public ScalarType Precision { get; set; }

    public static IEnumerable<string> AllDevices => Devices.All;

    [GlobalSetup]
    public void Load()
    {
        _plain = Workload.Backbone(Precision, Device, KernelChoice.Plain);
        _clip = Workload.Backbone(Precision, Device);
        using var tokens = Workload.Random(1, 1370, 1024);
        _tokens = tokens.to(Precision, _clip.Vision.Device, copy: true).DetachFromDisposeScope();
    }

    [Benchmark(Baseline = true, Description = "libtorch's plain operators")]
    public void Plain() => Run(_plain);

    [Benchmark(Description = "measured kernels")]
    public void Measured() => Run(_clip);

    [GlobalCleanup]
    public void Free()
    {
        _tokens.Dispose();
        _clip.Dispose();
        _plain.Dispose();
    }

    private void Run(ClipBackbone clip)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        clip.Vision.RunBlocks(_tokens, 0, clip.Vision.Layers, ForwardContext.Default);
        Devices.Finish(Device);
    }
}
