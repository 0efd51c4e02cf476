using MfpClip.Backbones.Clip;
using MfpClip.Backbones.Cnn;
using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Modules.Self;
using MfpClip.Objectives;

namespace MfpClip.Benchmarks.Classes;

/// <summary>
/// One training step, forward and backward, of the paper's composition on one image. Baseline: without the self prompt, where no
/// gradient runs through the tower. ViT-B/16 at 224 pixels; ViT-L/14@336 at 518 pixels costs about thirty times as much.
/// </summary>
public class TrainingBenchmark
{
    private ZeroShotDetector _detector = null!;
    private ITrainableMethod _method = null!;
    private ImageBatch _images = null!;
    private Tensor _labels = null!;
    private Tensor _masks = null!;

    [ParamsSource(nameof(AllDevices))]
    public string Device { get; set; } = "cpu";

    [Params(false, true)]
    public bool SelfPrompt { get; set; }

    public static IEnumerable<string> AllDevices => Devices.All;

    [GlobalSetup]
    public void Load()
    {
        var builder = new ZeroShotDetectorBuilder().UseBackbone(Workload.Backbone(ScalarType.Float32, Device, config: ClipPresets.ViTB16))
            .UseCnn(new ResNetOptions { RandomSeed = Workload.Seed }).WithImageSize(224);
        _detector = (SelfPrompt ? builder : builder.WithoutSelfPrompt()).Build();
        _method = _detector.GetTrainable();
        foreach (var (_, weight) in _method.TrainedWeights)
        {
            weight.requires_grad_(true);
        }

        _images = ImageBatch.FromPixels(Workload.Random(1, 3, 224, 224));
        _labels = torch.ones(1).DetachFromDisposeScope();
        _masks = torch.rand(1, 224, 224).gt(0.9).to_type(ScalarType.Float32).DetachFromDisposeScope();
    }

    [Benchmark(Baseline = true)]
    public void Step()
    {
        using var scope = torch.NewDisposeScope();
        using var grad = torch.enable_grad();
        var loss = _method.Loss(new() { Images = _images, ClassNames = [Workload.ClassName], Labels = _labels, Masks = _masks, HasMask = [true] },
            ForwardContext.Default);
        loss.Total.backward();
        foreach (var (_, weight) in _method.TrainedWeights)
        {
            weight.grad?.zero_();
        }

        Devices.Finish(Device);
    }

    [GlobalCleanup]
    public void Free()
    {
        _images.Dispose();
        _labels.Dispose();
        _masks.Dispose();
        _detector.Dispose();
    }
}
