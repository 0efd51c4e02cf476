using MfpClip.Data.Procedural.Canvas;
using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Methods.AprilGan;
using MfpClip.Objectives;
using MfpClip.Tests.Detection;
using MfpClip.Text;

namespace MfpClip.Tests.Methods.AprilGan;

public class AprilGanTests
{
    private static AprilGanOptions Short { get; } = new() { Templates = PromptEnsembles.AprilGan with { Templates = ["a photo of a [state]."] } };

    private static ZeroShotDetectorBuilder Builder(AprilGanOptions? options = null, int size = 56) =>
        new ZeroShotDetectorBuilder().UseRandomBackbone(ZeroShotDetectorTests.Config, 3).UseAprilGan(options ?? Short).WithImageSize(size);

    [Theory]
    [InlineData(true, 28, "QuickGelu")] // the backbone's own size
    [InlineData(true, 56, "Gelu")]
    [InlineData(false, 56, "QuickGelu")]
    public void As_released_the_tower_runs_with_exact_gelu_at_other_sizes_than_its_own(bool asReleased, int size, string activation)
    {
        using var detector = Builder(Short with { AsReleased = asReleased }, size).Build();

        Assert.Equal("APRIL-GAN (arXiv 2305.17382)", detector.Description.Method);
        Assert.Equal(activation, detector.Description.Stages.Single(s => s.Stage == "backbone").Options["activation"]);
    }

    [Fact]
    public void The_sum_of_the_layers_is_their_mean_times_their_number()
    {
        var picture = ZeroShotDetectorTests.Picture(1);
        using var mean = Builder(Short with { Layers = [1, 3] }).Build();
        using var sum = Builder(Short with { Layers = [1, 3], SumOfLayers = true }).Build();

        var (a, b) = (mean.Detect(picture), sum.Detect(picture));

        Assert.Equal(a.Score, b.Score);
        Assert.All(a.ModelMap.Data.Zip(b.ModelMap.Data), p => Assert.Equal(2 * p.First, p.Second, 1e-5f));
        Assert.All(a.ModelMap.Data, v => Assert.InRange(v, 0, 1));
    }

    [Fact]
    public void Only_the_linear_layers_are_trained_and_the_score_has_no_loss()
    {
        using var detector = Builder().Build();
        var method = detector.GetTrainable();

        Assert.Equal(Enumerable.Range(1, 4)
            .SelectMany(i => new[] { $"mpfa.linear{i}.weight", $"mpfa.linear{i}.bias" }), method.TrainedWeights.Select(w => w.Key));
        Assert.Equal((0.5, 0.999, 1e-3, 15, 8),
            (method.Recipe.Beta1, method.Recipe.Beta2, method.Recipe.LearningRate, method.Recipe.Epochs, method.Recipe.BatchSize));
        Assert.Equal(1, method.Recipe.Factor(10));
        Assert.Equal((3, 0.2), (AprilGanRecipes.OnMvtecAd.Epochs, AprilGanRecipes.OnMvtecAd.MosaicProbability));
        using var scope = torch.NewDisposeScope();
        Assert.All(method.Loss(Batch(true, true), ForwardContext.Default).Terms, t => Assert.Matches("^(focal|dice) layer [1-4]$", t.Key));
    }

    [Fact]
    public void An_image_without_a_mask_counts_nothing()
    {
        using var detector = Builder().Build();
        var method = detector.GetTrainable();
        using var scope = torch.NewDisposeScope();

        double one = method.Loss(Batch(true, false), ForwardContext.Default).Total.item<float>();
        double alone = method.Loss(Batch(true, true).Take([0]), ForwardContext.Default).Total.item<float>();

        Assert.Equal(alone, one, 5);
        Assert.Equal(0, method.Loss(Batch(false, false), ForwardContext.Default).Total.item<float>());
    }

    [Fact]
    public void Live_tensors_stay_flat_in_detection_and_training()
    {
        var picture = ZeroShotDetectorTests.Picture(1);
        using var detector = Builder().Build();
        var method = detector.GetTrainable();
        foreach (var (_, weight) in method.TrainedWeights)
        {
            weight.requires_grad_(true);
        }

        Step();
        long before = LiveTensors.Settle();
        Step();
        Step();
        LiveTensors.Settle();

        Assert.Equal(before, torch.Tensor.TotalCount);

        void Step()
        {
            using (torch.NewDisposeScope())
            {
                method.Loss(Batch(true, true), ForwardContext.Default).Total.backward();
                method.WeightsChanged();
            }

            detector.Detect(picture, new() { ClassName = "bolt" });
            detector.Detect(picture, new() { ClassName = "nut" });
        }
    }

    private static TrainingBatch Batch(bool first, bool second)
    {
        var images = torch.rand([2, 3, 56, 56], generator: new torch.Generator(5, torch.CPU)) - 0.5;
        var masks = (torch.rand([2, 56, 56], generator: new torch.Generator(6, torch.CPU)) > 0.9).to(ScalarType.Float32);
        return new() { Images = ImageBatch.FromPixels(images), Masks = masks, Labels = torch.ones(2), ClassNames = ["bolt", "nut"], HasMask = [first, second] };
    }
}
