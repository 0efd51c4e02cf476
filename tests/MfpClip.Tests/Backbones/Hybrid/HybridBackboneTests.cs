using MfpClip.Backbones.Cnn;
using MfpClip.Backbones.Hybrid;
using MfpClip.Data.Procedural.Canvas;
using MfpClip.Execution;
using MfpClip.Tensors;
using MfpClip.Weights;

namespace MfpClip.Tests.Backbones.Hybrid;

public sealed class HybridBackboneTests : IDisposable
{
    private static readonly HybridConfig Small = new()
    {
        EmbedDim = 16,
        Vision = new() { ImageSize = 64, Width = 24, Layers = 4, Heads = 2, PooledGrid = 3, PositionGrid = 4, NearestPatches = true },
        Text = new() { VocabSize = 49408, Width = 8, Layers = 1, Heads = 2, ContextLength = 77 },
    };

    private readonly DisposeScope _scope = torch.NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Theory]
    [InlineData(64)]
    [InlineData(96)]
    public void Tokens_lie_on_the_grid_of_stride_eight(int size)
    {
        using var backbone = HybridBackbone.CreateRandom(Small, 1);
        long n = size / 8 * (size / 8);
        var tokens = backbone.Vision.Embed(torch.randn(2, 3, size, size));
        Assert.Equal([2, 1 + n, 24], tokens.shape);
        Assert.Equal([2, 1 + n, 24], backbone.Vision.RunBlocks(tokens, 0, 4, ForwardContext.Default).shape);
        Assert.Equal([2, 16], backbone.Vision.Project(tokens.select(1, 0)).shape);
    }

    [Fact]
    public void Stages_one_after_the_other_are_the_whole_tower()
    {
        using var backbone = HybridBackbone.CreateRandom(Small, 1);
        var tokens = backbone.Vision.Embed(torch.randn(1, 3, 64, 64));
        var whole = backbone.Vision.RunBlocks(tokens, 0, 4, ForwardContext.Default);
        var parts = backbone.Vision.RunBlocks(backbone.Vision.RunBlocks(tokens, 0, 1, ForwardContext.Default), 1, 3, ForwardContext.Default);
        TensorAssert.Close(whole, parts, 0);
    }

    [Fact]
    public void Prompt_tokens_are_seen_by_the_patches_and_keep_the_grid_in_place()
    {
        using var backbone = HybridBackbone.CreateRandom(Small, 1);
        var tokens = backbone.Vision.Embed(torch.randn(1, 3, 64, 64));
        var prompts = torch.randn(1, 5, 24);
        var joined = torch.cat([tokens.narrow(1, 0, 1), prompts, tokens.narrow(1, 1, 64)], 1);

        var with = backbone.Vision.RunBlocks(joined, 0, 1, ForwardContext.Default).narrow(1, 6, 64);
        var without = backbone.Vision.RunBlocks(tokens, 0, 1, ForwardContext.Default).narrow(1, 1, 64);

        double change = (with - without).abs().mean().item<float>(), size = without.abs().mean().item<float>();
        Assert.InRange(change / size, 1e-4, 0.5); // attention alone differs; were the grid shifted, every patch would
        Assert.Equal(8, HybridVisionTower.GridSide(1 + 64));
        Assert.Equal(8, HybridVisionTower.GridSide(1 + 5 + 64));
        Assert.Equal(40, HybridVisionTower.GridSide(1 + 80 + 1600));
    }

    [Fact]
    public void An_image_compared_with_itself_does_not_change_with_brightness_of_a_channel()
    {
        using var fixedOff = HybridBackbone.CreateRandom(Small with { Vision = Small.Vision with { FixedStatistics = false, NearestPatches = false } }, 1);
        using var fixedOn = HybridBackbone.CreateRandom(Small with { Vision = Small.Vision with { WithinImage = false, NearestPatches = false } }, 1);
        var maps = Features(2);
        var shifted = maps.Select(m => m + 3).ToList();
        TensorAssert.Close(fixedOff.Tower.Embed(maps), fixedOff.Tower.Embed(shifted), 1e-4);
        Assert.True((fixedOn.Tower.Embed(maps) - fixedOn.Tower.Embed(shifted)).abs().max().item<float>() > 1e-2);
    }

    [Fact]
    public void The_distance_to_own_patches_is_large_only_where_something_is_alone()
    {
        // Two directions that alternate like stripes, and one place with a third.
        var map = torch.zeros(1, 3, 16, 16);
        map[.., 0, .., 0..8] = 1;
        map[.., 1, .., 8..16] = 1;
        map[0, .., 5, 9] = torch.tensor(new[] { 0f, 0f, 4f });

        var near = HybridFeatures.Nearest(map);

        Assert.Equal([1, 3, 16, 16], near.shape);
        Assert.Equal((5 * 16) + 9, near[0, 0].argmax().item<long>());
        Assert.True(near[0, 0, 5, 9].item<float>() > 0.9);
        Assert.InRange(near[0, 0, 0, 0].item<float>(), -1e-5, 1e-5); // a place has many like itself
        Assert.True((near[0, 2] + 1e-6 >= near[0, 1]).all().item<bool>()); // the nearest are nearer than the next nearest
    }

    [Fact]
    public void Other_shapes_of_images_are_refused()
    {
        using var backbone = HybridBackbone.CreateRandom(Small, 1);
        Assert.Throws<ArgumentException>(() => backbone.Vision.Embed(torch.randn(1, 3, 64, 72)));
        Assert.Throws<ArgumentException>(() => backbone.Vision.Embed(torch.randn(1, 3, 60, 60)));
    }

    [Fact]
    public void A_written_model_is_read_back_by_the_builder_as_it_was()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            using var made = HybridBackbone.CreateRandom(Small, 4);
            string path = Path.Combine(folder, "model.safetensors");
            SafetensorsWriter.Write(path, Tensors(4), HybridBackbone.Metadata(Small));
            using var detector = new ZeroShotDetectorBuilder().UseBackbone(path).WithImageSize(64)
                .UseCnn(new EfficientNetLiteOptions { RandomSeed = 1, InputSize = 32 }).Build();
            var pixels = new byte[64 * 64 * 3];
            new Random(1).NextBytes(pixels);

            var result = detector.Detect(new RgbImage(64, 64, pixels));

            Assert.InRange(result.Score, 0, 1);
            Assert.Contains(detector.Description.Stages, s => s.Component.Contains("EfficientNet-Lite0 stages (frozen)", StringComparison.Ordinal));
            using var read = HybridBackbone.Load(path);
            var images = torch.randn(1, 3, 64, 64);
            TensorAssert.Close(made.Vision.RunBlocks(made.Vision.Embed(images), 0, 4, ForwardContext.Default),
                read.Vision.RunBlocks(read.Vision.Embed(images), 0, 4, ForwardContext.Default), 0);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Of_misfitting_files_every_fault_is_listed()
    {
        var tensors = Tensors(4).Where(t => t.Key != "visual.proj").Append(new("stranger", torch.zeros(1)));
        using var file = new TensorWeightFile("test", tensors, HybridBackbone.Metadata(Small));
        var e = Assert.Throws<WeightsMismatchException>(() => HybridBackbone.Load(file, torch.CPU, ScalarType.Float32));
        Assert.Equal(["visual.proj"], e.Missing);
        Assert.Equal(["stranger"], e.Unexpected);

        using var wrong = new TensorWeightFile("test", Tensors(4), new Dictionary<string, string>
        {
            ["format"] = HybridBackbone.Format, ["config"] = "{\"vision\":{\"kernel\":4}}",
        });
        Assert.Contains("odd kernel", Assert.Throws<WeightsException>(() => HybridBackbone.Load(wrong, torch.CPU, ScalarType.Float32)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_pass_leaves_nothing_behind()
    {
        using var backbone = HybridBackbone.CreateRandom(Small, 1);
        var images = torch.randn(1, 3, 64, 64);
        void Pass()
        {
            using var scope = torch.NewDisposeScope();
            using var guard = torch.no_grad();
            _ = backbone.Vision.Project(backbone.Vision.RunBlocks(backbone.Vision.Embed(images), 0, 4, ForwardContext.Default));
        }

        Pass();
        long before = LiveTensors.Settle();
        Pass();
        Pass();
        Assert.Equal(before, torch.Tensor.TotalCount);
    }

    private static List<Tensor> Features(int seed)
    {
        torch.manual_seed(seed);
        return [.. new HybridVisionConfig().Maps().Select(
            m => torch.randn(1, m.Inputs, m.Name is "h32" ? 2 : m.Name is "s16" or "h16" ? 4 : 8, m.Name is "h32" ? 2 : m.Name is "s16" or "h16" ? 4 : 8))];
    }

    private static IEnumerable<KeyValuePair<string, Tensor>> Tensors(long seed)
    {
        var start = new ParameterInitializer(seed);
        return HybridShapes.Of(Small).Select(s => new KeyValuePair<string, Tensor>(s.Name, HybridShapes.Start(s.Name, s.Shape, Small, start)))
            .Concat(EfficientNetLiteWeights.Random(16, head: true, seed).Select(t => new KeyValuePair<string, Tensor>(HybridShapes.Cnn + t.Key, t.Value)));
    }
}
