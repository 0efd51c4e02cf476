using MfpClip.Backbones.Clip;
using MfpClip.Backbones.Clip.Loading;
using MfpClip.Data.Procedural.Canvas;
using MfpClip.Execution;
using MfpClip.Kernels;
using MfpClip.Weights;

namespace MfpClip.Tests.Backbones.Clip;

public sealed class ClipBackboneTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;

    internal static ClipConfig Tiny { get; } = new()
    {
        EmbedDim = 16,
        Activation = MlpActivation.QuickGelu,
        Vision = new() { ImageSize = 28, PatchSize = 14, Width = 32, Layers = 4, Heads = 2 },
        Text = new() { VocabSize = 60, Width = 24, Layers = 2, Heads = 3, ContextLength = 20 },
    };

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Every_difference_is_listed_in_one_error()
    {
        var e = Assert.Throws<WeightsMismatchException>(() => Load(Write(t =>
        {
            t.Remove("ln_final.bias");
            t.Remove("visual.transformer.resblocks.2.mlp.c_fc.weight");
            t["visual.proj"] = torch.zeros(31, 16);
            t["something.else"] = torch.zeros(1);
        })));

        Assert.Equal(["ln_final.bias", "visual.transformer.resblocks.2.mlp.c_fc.weight"], e.Missing.Order());
        Assert.Equal(["something.else"], e.Unexpected);
        Assert.Contains("visual.proj is [31, 16], the model needs [32, 16]", Assert.Single(e.WrongShape), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ScalarType.Float32, float.NaN)]
    [InlineData(ScalarType.Float16, float.NaN)]
    [InlineData(ScalarType.BFloat16, float.NegativeInfinity)]
    [InlineData(ScalarType.Float32, float.PositiveInfinity)]
    public void One_value_that_is_not_finite_is_an_error_that_names_the_tensor(ScalarType type, float value)
    {
        var e = Assert.Throws<WeightsException>(() => Load(Write(t =>
        {
            t["visual.proj"] = torch.ones([32, 16], type);
            t["visual.proj"][7, 3] = torch.tensor(value).to_type(type);
        })));

        Assert.Contains("visual.proj", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_activation_that_contradicts_the_origin_is_an_error()
    {
        // OpenAI's files carry these buffers.
        string path = Write(t =>
        {
            foreach (string name in new[] { "input_resolution", "context_length", "vocab_size" })
            {
                t[name] = torch.tensor(1L);
            }
        });

        Assert.Contains("QuickGelu", Assert.Throws<WeightsException>(() =>
            ClipBackbone.Load(path, new() { Config = Tiny with { Activation = MlpActivation.Gelu } })).Message, StringComparison.Ordinal);
        using var clip = ClipBackbone.Load(path, new() { Config = Tiny });
        Assert.Equal(MlpActivation.QuickGelu, clip.Config.Activation);
    }

    [Fact]
    public void Without_any_hint_the_activation_must_be_given()
    {
        Assert.Contains("Activation", Assert.Throws<WeightsException>(() => ClipBackbone.Load(Write(_ => { }))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_configuration_lists_its_faults()
    {
        var wrong = Tiny with { Vision = Tiny.Vision with { Heads = 5, Layers = 0 } };

        var e = Assert.Throws<WeightsException>(() => ClipBackbone.CreateRandom(wrong, 1));

        Assert.Contains("5 heads", e.Message, StringComparison.Ordinal);
        Assert.Contains("vision layers", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Asking_for_an_absent_device_is_a_clear_error()
    {
        Assert.Contains("'tpu' is unknown", Assert.Throws<DetectorConfigurationException>(() =>
            ClipBackbone.CreateRandom(Tiny, 1, new() { Device = "tpu" })).Message, StringComparison.Ordinal);
        if (!torch.cuda.is_available())
        {
            Assert.Contains("CUDA is not available", Assert.Throws<DetectorConfigurationException>(() =>
                ClipBackbone.CreateRandom(Tiny, 1, new() { Device = "cuda" })).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_same_seed_gives_the_same_model_and_its_hash()
    {
        using var a = ClipBackbone.CreateRandom(Tiny, 7);
        using var b = ClipBackbone.CreateRandom(Tiny, 7);
        using var c = ClipBackbone.CreateRandom(Tiny, 8);

        Assert.Equal(a.Describe().Weights[0], b.Describe().Weights[0]);
        Assert.NotEqual(a.Describe().Weights[0].Sha256, c.Describe().Weights[0].Sha256);
        Assert.True(a.IsRandom);
    }

    [Theory]
    [InlineData(ScalarType.BFloat16, 0.1)]
    [InlineData(ScalarType.Float16, 0.02)]
    public void Half_precision_stays_near_single(ScalarType precision, double tolerance)
    {
        using var scope = torch.NewDisposeScope();
        using var single = ClipBackbone.CreateRandom(Tiny, 7);
        using var half = ClipBackbone.CreateRandom(Tiny, 7, new() { Precision = precision });
        var images = torch.ones(1, 3, 42, 42);

        Tensor Run(ClipBackbone clip) => clip.Vision.Project(clip.Vision.RunBlocks(clip.Vision.Embed(images), 0, 4, ForwardContext.Default));

        Assert.Equal(precision, Run(half).dtype);
        TensorAssert.Close(Run(single), Run(half).to(torch.float32), tolerance * Run(single).abs().max().item<float>());
    }

    [Fact]
    public void Running_blocks_in_pieces_is_running_them_at_once_and_leaks_nothing()
    {
        using var clip = ClipBackbone.CreateRandom(Tiny, 7);
        void Run()
        {
            using var scope = torch.NewDisposeScope();
            var x = clip.Vision.Embed(torch.ones(2, 3, 42, 28));
            TensorAssert.Close(clip.Vision.RunBlocks(x, 0, 4, ForwardContext.Default),
                clip.Vision.RunBlocks(clip.Vision.RunBlocks(x, 0, 1, ForwardContext.Default), 1, 3, ForwardContext.Default), 0);
        }

        Run();
        long before = LiveTensors.Settle();
        Run();
        Assert.Equal(before, torch.Tensor.TotalCount);
    }

    private static ClipBackbone Load(string path) => ClipBackbone.Load(path, new() { Config = Tiny });

    private string Write(Action<Dictionary<string, Tensor>> change)
    {
        using var scope = torch.NewDisposeScope();
        var tensors = ClipShapes.Of(Tiny).ToDictionary(s => s.Name, s => torch.zeros(s.Shape));
        change(tensors);
        string path = Path.Combine(_folder, $"{Guid.NewGuid():N}.safetensors");
        SafetensorsWriter.Write(path, tensors);
        return path;
    }
}
