using MfpClip.Backbones.Cnn;
using MfpClip.Weights;

namespace MfpClip.Tests.Backbones.Cnn;

public sealed class EfficientNetLiteTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    // Published: 4,652,008 trainable values, of which the classifier has 1,281,000; a batch norm has two trainable values a channel.
    [Fact]
    public void Maps_have_the_announced_channels_and_strides_and_average_to_the_levels()
    {
        using var scope = torch.NewDisposeScope();
        using var cnn = EfficientNetLiteFeatureExtractor.CreateRandom(3, null);
        var pixels = FakeBackbone.Values(9, ScalarType.Float32, 2, 3, 64, 96).abs();

        var maps = cnn.ExtractMaps((pixels - cnn.Normalization.Mean[0]) / cnn.Normalization.Std[0], ["level4", "level1", "level5"]);
        var levels = cnn.Extract(pixels).Levels;

        foreach (var (map, place) in maps.Zip([3, 0, 4]))
        {
            var about = cnn.Maps[place];
            Assert.Equal([2, about.Channels, 64 / about.Stride, 96 / about.Stride], map.shape);
            TensorAssert.Close(levels[place], map.mean([2, 3]), 1e-4 * Math.Max(1, levels[place].abs().max().item<float>()));
        }
    }

    [Fact]
    public void The_layout_has_the_published_number_of_values() =>
        Assert.Equal(4_652_008 - 1_281_000, EfficientNetLiteLayout.Convolutions(16, head: true)
            .Sum(c => c.Shape.Aggregate(1L, (a, b) => a * b) + (2L * c.Outputs)));

    [Theory]
    [InlineData(64, 96)]
    [InlineData(65, 33)]
    public void Strides_round_up_as_tensor_flows_padding(int height, int width)
    {
        using var network = Random();
        var maps = network.Run(torch.rand(1, 3, height, width), [0, 2, 4, 10, 15]);
        int h = height, w = width;
        foreach (var (map, channels) in maps.Zip([16, 24, 40, 112, 320]))
        {
            (h, w) = ((h + 1) / 2, (w + 1) / 2);
            Assert.Equal([1, channels, h, w], map.shape);
        }
    }

    [Fact]
    public void Folding_the_batch_norm_changes_rounding_only()
    {
        var weights = EfficientNetLiteWeights.Random(1, head: false, 3).ToDictionary(w => w.Key, w => w.Value);
        foreach (string bn in weights.Keys.Where(k => k.Contains(".bn.", StringComparison.Ordinal)).ToList())
        {
            weights[bn] = torch.rand(weights[bn].shape) + 0.5f;
        }

        using var file = new TensorWeightFile("test", weights);
        using var network = EfficientNetLite.Load(file, string.Empty, 1, head: false);
        var x = torch.rand(2, 3, 32, 32);

        var actual = network.Run(x, [0])[0];

        Tensor Norm(Tensor y, string name) => F.batch_norm(
            y, weights[$"{name}.bn.running_mean"], weights[$"{name}.bn.running_var"], weights[$"{name}.bn.weight"], weights[$"{name}.bn.bias"], eps: 1e-3);
        var y = Norm(F.conv2d(F.pad(x, [0, 1, 0, 1]), weights["stem.conv.weight"], strides: [2, 2]), "stem").clamp(0, 6);
        y = Norm(F.conv2d(y, weights["blocks.0.depthwise.conv.weight"], padding: [1, 1], groups: 32), "blocks.0.depthwise").clamp(0, 6);
        y = Norm(F.conv2d(y, weights["blocks.0.project.conv.weight"]), "blocks.0.project");
        TensorAssert.Close(y, actual, 2e-4);
    }

    [Fact]
    public void Of_misfitting_files_every_fault_is_listed()
    {
        var weights = EfficientNetLiteWeights.Random(16, head: true, 1).ToDictionary(w => w.Key, w => w.Value);
        weights.Remove("blocks.3.expand.bn.running_var");
        weights["stem.conv.weight"] = torch.zeros(32, 1, 3, 3);
        weights["extra"] = torch.zeros(1);
        using var file = new TensorWeightFile("test", weights);

        var e = Assert.Throws<WeightsMismatchException>(() => EfficientNetLiteFeatureExtractor.Load(file, null));

        Assert.Equal(["blocks.3.expand.bn.running_var"], e.Missing);
        Assert.Equal(["extra"], e.Unexpected);
        Assert.Contains("stem.conv.weight", Assert.Single(e.WrongShape));
    }

    [Fact]
    public void Options_list_their_faults()
    {
        Assert.Contains("no weights", Assert.Single(new EfficientNetLiteOptions().Faults()));
        Assert.Contains("choose one", Assert.Single(new EfficientNetLiteOptions { WeightsPath = "x", RandomSeed = 1 }.Faults()));
        Assert.Contains("InputSize", Assert.Single(new EfficientNetLiteOptions { RandomSeed = 1, InputSize = 8 }.Faults()));
    }

    [Fact]
    public void Features_have_the_stated_widths_and_leave_nothing_behind()
    {
        using var cnn = EfficientNetLiteFeatureExtractor.CreateRandom(7, inputSize: 64);
        var pixels = torch.rand(2, 3, 96, 96);
        using (torch.NewDisposeScope())
        {
            var features = cnn.Extract(pixels);
            Assert.Equal([2, cnn.FeatureDim], features.Pooled.shape);
            Assert.Equal(cnn.LevelDims, features.Levels.Select(l => (int)l.shape[1]));
        }

        long before = LiveTensors.Settle();
        for (int i = 0; i < 3; i++)
        {
            using var scope = torch.NewDisposeScope();
            _ = cnn.Extract(pixels);
        }

        Assert.Equal(before, torch.Tensor.TotalCount);
    }

    private static EfficientNetLite Random()
    {
        using var file = new TensorWeightFile("test", EfficientNetLiteWeights.Random(16, head: true, 1));
        return EfficientNetLite.Load(file, string.Empty, 16, head: true);
    }
}
