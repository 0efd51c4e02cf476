using MfpClip.Backbones.Cnn;
using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Modules.Mask;
using MfpClip.Modules.MultiPatch;
using MfpClip.Modules.Scoring;
using MfpClip.Tests.Backbones;
using MfpClip.Tests.Modules;

namespace MfpClip.Tests.Pipeline;

/// <summary>Without gradients modules run in fewer passes: the same results as the operators that gradients need and that goldens check.</summary>
public sealed class FusedPassesTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Theory]
    [InlineData(1, 1, 4, 5, 23, 31, false, StageFusion.Mean)]
    [InlineData(2, 2, 3, 3, 48, 16, true, StageFusion.Mean)]
    [InlineData(2, 1, 1, 7, 1, 50, true, StageFusion.Sum)]
    [InlineData(1, 1, 37, 37, 518, 518, false, StageFusion.Sum)]
    public void A_map_is_that_of_the_operators(int images, int texts, int rows, int columns, int height, int width, bool alignCorners, StageFusion fusion)
    {
        var generator = new AnomalyMapGenerator(new() { Tau = 40, AlignCorners = alignCorners, Fusion = fusion });
        var Z = Enumerable.Range(0, 3).Select(i => FakeBackbone.Values(i, ScalarType.Float32, images, 32, rows, columns)).ToList();
        var t = Enumerable.Range(0, 3).Select(i => F.normalize(FakeBackbone.Values(9 + i, ScalarType.Float32, texts, 2, 32), p: 2, dim: 2)).ToList();
        Z[1][0, .., 0, 0] = 0; // no direction at all
        var expected = generator.Map(Z, t, height, width, ForwardContext.Default);
        TensorAssert.Close(expected, WithoutGradients(() => generator.Map(Z, t, height, width, ForwardContext.Default)), 2e-5);
    }

    [Fact]
    public void A_map_tells_what_is_no_number()
    {
        var generator = new AnomalyMapGenerator(new());
        var z = FakeBackbone.Values(1, ScalarType.Float32, 1, 16, 2, 2);
        z[0, 3, 1, 1] = float.NaN;
        var t = F.normalize(FakeBackbone.Values(2, ScalarType.Float32, 1, 2, 16), p: 2, dim: 2);
        Assert.True(WithoutGradients(() => generator.Map([z], [t], 8, 8, ForwardContext.Default)).isnan().any().item<bool>());
    }

    [Theory]
    [InlineData(1, 5, 4)]
    [InlineData(2, 1, 3)]
    public void A_refined_patch_is_that_of_the_operators(int images, int rows, int columns)
    {
        using var module = new LearnedMaskPrompt(new(), Sizes.Small with { EmbedDim = 64 });
        module.Fill();
        var Z = Enumerable.Range(0, 2).Select(i => FakeBackbone.Values(i, ScalarType.Float32, images, 64, rows, columns) * 3).ToList();
        var t = FakeBackbone.Values(9, ScalarType.Float32, 1, 2, 64);
        var map = FakeBackbone.Values(8, ScalarType.Float32, images, 14 * rows, 14 * columns);
        var expected = module.Apply(Z, t, map, ForwardContext.Default)!.Features;
        var actual = WithoutGradients(() => module.Apply(Z, t, map, ForwardContext.Default)!.Features[1]);
        TensorAssert.Differs(Z[1], actual, 0.1);
        TensorAssert.Close(expected[1], actual, 2e-5);
    }

    [Theory]
    [InlineData(3, 1, 6, 7)]
    [InlineData(5, 2, 3, 9)]
    [InlineData(7, 1, 2, 2)]
    public void A_neighbourhood_is_that_of_the_operators(int n, int images, int rows, int columns)
    {
        using var module = MultiPatchAggregator.Create(new() { Neighbourhood = n }, Sizes.Small);
        var z = FakeBackbone.Values(1, ScalarType.Float32, images, 48, rows, columns);
        TensorAssert.Close(module.Aggregate(z), WithoutGradients(() => module.Aggregate(z)), 1e-6);
    }

    [Fact]
    public void Pixels_are_scaled_and_standardised()
    {
        var random = new Random(1);
        var images = Enumerable.Range(0, 2).Select(_ =>
        {
            var bytes = new byte[7 * 5 * 3];
            random.NextBytes(bytes);
            return new RgbImage(7, 5, bytes);
        }).ToList();
        float[] mean = [0.48f, 0.45f, 0.4f], std = [0.26f, 0.27f, 0.28f];
        var pixels = PixelTensor.Normalized(images, mean, std);
        Assert.Equal([2, 3, 5, 7], pixels.shape);
        foreach (var (b, c, y, x) in new[] { (0, 0, 0, 0), (1, 2, 4, 6), (0, 1, 3, 2), (1, 0, 2, 5) })
        {
            double expected = ((images[b].Pixels[(((y * 7) + x) * 3) + c] / 255.0) - mean[c]) / std[c];
            Assert.Equal(expected, pixels[b, c, y, x].item<float>(), 1e-5);
        }

        Assert.Throws<ArgumentException>(() => PixelTensor.Normalized([images[0], new RgbImage(5, 7, new byte[105])], mean, std));
    }

    [Fact]
    public void Half_products_are_used_without_gradients_only_and_round_a_little()
    {
        using var module = MultiPatchAggregator.Create(new() { Neighbourhood = 1 }, Sizes.Small);
        using var clip = new FakeBackbone();
        var tokens = FakeBackbone.Values(1, ScalarType.Float32, 1, 128 * 128, FakeBackbone.VisionWidth);
        Tensor Project() => module.Project(1, tokens, 128, 128, clip.Vision);
        var exact = WithoutGradients(Project);
        module.UseBFloat16(true);
        TensorAssert.Close(exact, Project(), 1e-5);
        var half = WithoutGradients(Project);
        Assert.Equal(ScalarType.Float32, half.dtype);
        TensorAssert.Differs(exact, half, 1e-5);
        TensorAssert.Close(exact, half, 2.0 / 128 * exact.abs().max().item<float>());
    }

    [Theory]
    [InlineData(ResNetArchitecture.ResNet18)]
    [InlineData(ResNetArchitecture.ResNet50)]
    public void A_network_in_bfloat16_gives_nearly_the_features_of_float32(ResNetArchitecture architecture)
    {
        using var network = ResNetFeatureExtractor.CreateRandom(architecture, 5);
        var pixels = FakeBackbone.Values(1, ScalarType.Float32, 1, 3, 64, 64).abs();
        var exact = network.Extract(pixels);
        network.UseBFloat16(true);
        var half = network.Extract(pixels);
        network.UseBFloat16(false);
        TensorAssert.Close(exact.Pooled, network.Extract(pixels).Pooled, 0);
        foreach (var (a, b) in exact.Levels.Zip(half.Levels))
        {
            Assert.Equal(ScalarType.Float32, b.dtype);
            double error = ((a - b).norm() / a.norm()).item<float>();
            Assert.InRange(error, 1e-5, 0.03);
        }
    }

    private static Tensor WithoutGradients(Func<Tensor> work)
    {
        using var guard = torch.no_grad();
        return work();
    }
}
