using MfpClip.Backbones;
using MfpClip.Backbones.Cnn;
using MfpClip.Backbones.Hybrid;
using MfpClip.Data.Procedural.Canvas;
using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Methods.Mfp;
using MfpClip.Modules;
using MfpClip.Training.Pretraining;

namespace MfpClip.Training.Tests;

public class PretrainingModelTests
{
    private const int Size = 64;

    private static readonly HybridConfig Config = new()
    {
        EmbedDim = 16,
        Vision = new() { ImageSize = Size, Width = 24, Layers = 4, Heads = 2, PooledGrid = 2, PositionGrid = 2, Kernel = 3 },
        Text = new() { VocabSize = 49408, Width = 8, Layers = 1, Heads = 1 },
    };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_forward_pass_of_pretraining_is_the_detectors_on_the_same_picture(bool prompts)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var pixels = new byte[Size * Size * 3];
        new Random(1).NextBytes(pixels);
        var picture = new RgbImage(Size, Size, pixels);
        var builder = HybridMfpClip.Apply(new ZeroShotDetectorBuilder().UseBackbone(HybridBackbone.CreateRandom(Config, 1)), Size, 5)
            .UseCnn(new EfficientNetLiteOptions { RandomSeed = 2, InputSize = 32 }).UseAnomalyMap(PretrainingModel.Map);
        using var detector = (prompts ? builder : builder.WithoutImageToTextPrompt().WithoutSelfPrompt()).Build();
        var expected = detector.Detect(picture, new() { ClassName = "plate" });

        using var backbone = HybridBackbone.CreateRandom(Config, 1);
        using var cnn = EfficientNetLiteFeatureExtractor.CreateRandom(2, 32);
        using var model = new PretrainingModel(backbone, cnn, 5);
        using var batch = ImageBatch.FromImages([picture]);
        var features = new ImageFeatures
        {
            StemMaps = backbone.Vision.GetService<IFrozenStem>()!.Extract(batch.Normalized(backbone.Normalization, torch.CPU)),
            Cnn = cnn.Extract(batch.Pixels(torch.CPU)),
        };
        using var image = model.Image(features, ForwardContext.Default);
        var t = model.EmbedEnsemble("plate", prompts ? image : null, ForwardContext.Default);
        var output = model.Forward(image, t, selfPrompt: prompts, Size);
        Assert.Equal(expected.Score, output.Score.item<float>(), 1e-5f);
        Assert.All(expected.ModelMap.Data.Zip(output.RawMap.contiguous().data<float>()), p => Assert.Equal(p.First, p.Second, 1e-5f));
    }
}
