using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Modules.Scoring;
using MfpClip.Tests.Backbones;
using MfpClip.Tests.Detection;

namespace MfpClip.Tests.Modules.Scoring;

public sealed class AnomalyMapGeneratorTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    // Two states along dimensions 0 and 1.
    private static Tensor Texts => torch.tensor(new float[] { 1, 0, 0, 1 }, [1, 2, 2]);

    [Fact]
    public void Logits_are_tau_times_the_cosine_whatever_the_length()
    {
        var generator = new AnomalyMapGenerator(new() { Tau = 10 });
        var z = torch.tensor(new float[] { 3, 0, 4, 7 }, [1, 2, 1, 2]); // patches (3, 4) and (0, 7)

        TensorAssert.Values([6, 0, 8, 10], generator.PatchLogits(z, Texts), 1e-5);
    }

    [Fact]
    public void One_patch_is_one_probability()
    {
        var generator = new AnomalyMapGenerator(new() { Tau = 10 });
        var z = torch.tensor(new float[] { 3, 4 }, [1, 2, 1, 1]);

        var map = generator.Map([z], [Texts], 2, 3, ForwardContext.Default);

        var abnormal = 1 / (1 + Math.Exp(-2)); // softmax of 6 and 8
        Assert.Equal([1, 2, 2, 3], map.shape);
        TensorAssert.Values(Enumerable.Repeat(1 - abnormal, 6).Concat(Enumerable.Repeat(abnormal, 6)).ToList(), map);
    }

    [Fact]
    public void Logits_are_upsampled_before_the_softmax_by_default()
    {
        var z = torch.tensor(new float[] { 1, 0, 0, 1 }, [1, 2, 1, 2]); // a normal patch beside an abnormal one

        // Bilinear from 2 to 4, align_corners false: weights 1, 3/4, 1/4, 0 of the left patch. Logit difference d = tau (1 - 2 w).
        double Sigmoid(double d) => 1 / (1 + Math.Exp(-d));
        double[] left = [1, 0.75, 0.25, 0];
        var before = new AnomalyMapGenerator(new() { Tau = 4 }).Map([z], [Texts], 1, 4, ForwardContext.Default).select(1, 1);
        TensorAssert.Values([.. left.Select(w => Sigmoid(4 * (1 - (2 * w))))], before);
        var after = new AnomalyMapGenerator(new() { Tau = 4, Upsampling = MapUpsampling.AfterSoftmax })
            .Map([z], [Texts], 1, 4, ForwardContext.Default).select(1, 1);
        TensorAssert.Values([.. left.Select(w => (w * Sigmoid(-4)) + ((1 - w) * Sigmoid(4)))], after);
    }

    [Theory]
    [InlineData(StageFusion.Mean)]
    [InlineData(StageFusion.MeanOfLogits)]
    [InlineData(StageFusion.Maximum)]
    [InlineData(StageFusion.Sum)]
    public void Stages_are_fused(StageFusion fusion)
    {
        var generator = new AnomalyMapGenerator(new() { Tau = 2, Fusion = fusion });
        var a = torch.tensor(new float[] { 1, 0 }, [1, 2, 1, 1]); // logits 2, 0
        var b = torch.tensor(new float[] { 0.6f, 0.8f }, [1, 2, 1, 1]); // logits 1.2, 1.6

        var map = generator.Map([a, b], [Texts, Texts], 1, 1, ForwardContext.Default);

        double Sigmoid(double d) => 1 / (1 + Math.Exp(-d));
        var expected = fusion switch
        {
            StageFusion.Mean => (Sigmoid(-2) + Sigmoid(0.4)) / 2,
            StageFusion.MeanOfLogits => Sigmoid((-2 + 0.4) / 2),
            _ => Sigmoid(0.4),
        };
        TensorAssert.Values(fusion == StageFusion.Sum ? [Sigmoid(2) + Sigmoid(-0.4), Sigmoid(-2) + Sigmoid(0.4)] : [1 - expected, expected], map);
    }

    [Theory]
    [InlineData(StageFusion.Mean, MapUpsampling.BeforeSoftmax)]
    [InlineData(StageFusion.MeanOfLogits, MapUpsampling.AfterSoftmax)]
    public void Stages_can_be_left_out(StageFusion fusion, MapUpsampling upsampling)
    {
        // A stage left out might as well not be there: the others' map is the expectation.
        var z = Enumerable.Range(1, 3).Select(s => FakeBackbone.Values(s, ScalarType.Float32, 1, 16, 2, 2)).ToList();
        var t = Enumerable.Range(4, 3).Select(s => F.normalize(FakeBackbone.Values(s, ScalarType.Float32, 1, 2, 16), dim: 2)).ToList();
        var options = new AnomalyMapOptions { Tau = 3, Fusion = fusion, Upsampling = upsampling };
        var two = new AnomalyMapGenerator(options).Map([z[0], z[2]], [t[0], t[2]], 6, 6, ForwardContext.Default);

        var map = new AnomalyMapGenerator(options with { Stages = [3, 1] }).Map(z, t, 6, 6, ForwardContext.Default);

        TensorAssert.Close(two.to_type(ScalarType.Float64), map.to_type(ScalarType.Float64), 1e-6);
        Assert.True((map - new AnomalyMapGenerator(options).Map(z, t, 6, 6, ForwardContext.Default)).abs().max().item<float>() > 1e-3);
        Assert.Throws<ArgumentException>(() => new AnomalyMapGenerator(options with { Stages = [4] }).Map(z, t, 6, 6, ForwardContext.Default));

        // A loss on each stage asks for one alone, also for one that is left out.
        foreach (int stage in new[] { 0, 1 })
        {
            TensorAssert.Close(
                new AnomalyMapGenerator(options).Map([z[stage]], [t[stage]], 6, 6, ForwardContext.Default).to_type(ScalarType.Float64),
                new AnomalyMapGenerator(options with { Stages = [3, 1] }).Map([z[stage]], [t[stage]], 6, 6, ForwardContext.Default)
                    .to_type(ScalarType.Float64), 0);
        }
    }

    [Fact]
    public void Stages_that_are_not_there_are_refused_when_a_detector_is_built()
    {
        foreach (int[] stages in new int[][] { [0], [5], [2, 2] })
        {
            var error = Assert.Throws<DetectorConfigurationException>(
                () => ZeroShotDetectorTests.Builder().UseAnomalyMap(new AnomalyMapOptions { Stages = stages }).Build());
            Assert.Contains("stages are", error.Message, StringComparison.Ordinal);
        }

        using var detector = ZeroShotDetectorTests.Builder().UseAnomalyMap(new AnomalyMapOptions { Stages = [4, 2] }).Build();
        Assert.Equal("2, 4", detector.Description.Stages.Single(s => s.Stage == "anomaly map").Options["stages"]);
    }

    [Fact]
    public void Corners_can_be_aligned()
    {
        var z = torch.tensor(new float[] { 1, 0, 0, 1 }, [1, 2, 1, 2]);

        var map = new AnomalyMapGenerator(new() { Tau = 4, AlignCorners = true }).Map([z], [Texts], 1, 4, ForwardContext.Default).select(1, 1);

        double[] left = [1, 2 / 3.0, 1 / 3.0, 0];
        TensorAssert.Values([.. left.Select(w => 1 / (1 + Math.Exp(-4 * (1 - (2 * w)))))], map);
    }

    [Theory]
    [InlineData(MapUpsampling.BeforeSoftmax)]
    [InlineData(MapUpsampling.AfterSoftmax)]
    public void Mean_logits_give_a_map_of_full_size(MapUpsampling upsampling)
    {
        var z = FakeBackbone.Values(1, ScalarType.Float32, 1, 2, 2, 2);

        var map = new AnomalyMapGenerator(new() { Fusion = StageFusion.MeanOfLogits, Upsampling = upsampling })
            .Map([z, z], [Texts, Texts], 6, 4, ForwardContext.Default);

        Assert.Equal([1, 2, 6, 4], map.shape);
    }

    [Theory]
    [InlineData(21, 33, 1.5)]
    [InlineData(5, 4, 4)] // the kernel is wider than the map: mirrored more than once
    public void Smoothing_is_scipys_gaussian(int height, int width, double sigma)
    {
        var map = FakeBackbone.Values(3, ScalarType.Float32, 2, height, width);

        var smooth = new AnomalyMapGenerator(new() { SmoothingSigma = sigma }).Smooth(map);

        for (int i = 0; i < 2; i++)
        {
            var expected = MfpClip.Imaging.GaussianSmoothing.Smooth(new(width, height, map[i].contiguous().data<float>().ToArray()), sigma);
            TensorAssert.Close(torch.tensor(expected.Data, [height, width]), smooth[i], 1e-6);
        }

        Assert.Throws<DetectorConfigurationException>(() => new AnomalyMapGenerator(new() { SmoothingSigma = -1 }));
        TensorAssert.Close(map, new AnomalyMapGenerator(new()).Smooth(map), 0);
    }

    [Fact]
    public void Every_stage_and_image_has_its_own_text()
    {
        var generator = new AnomalyMapGenerator(new() { Tau = 3 });
        var z = FakeBackbone.Values(1, ScalarType.Float32, 2, 4, 2, 2);
        var t = F.normalize(FakeBackbone.Values(2, ScalarType.Float32, 2, 2, 4), dim: 2);

        var both = generator.Map([z, z], [t, t.flip(1)], 4, 4, ForwardContext.Default);

        // Swapped states in the second stage: the two stages cancel to one half.
        TensorAssert.Close(torch.full_like(both, 0.5), both, 1e-6);
        TensorAssert.Close(
            generator.Map([z.narrow(0, 1, 1)], [t.narrow(0, 1, 1)], 4, 4, ForwardContext.Default), generator.Map([z], [t], 4, 4, ForwardContext.Default)
                .narrow(0, 1, 1), 1e-6);
    }

    [Fact]
    public void Invalid_options_and_arguments_are_refused()
    {
        Assert.Throws<DetectorConfigurationException>(() => new AnomalyMapGenerator(new() { Tau = 0 }));
        Assert.Throws<ArgumentException>(() => new AnomalyMapGenerator(new()).Map([], [], 1, 1, ForwardContext.Default));
    }
}
