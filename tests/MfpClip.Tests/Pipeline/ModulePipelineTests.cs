using MfpClip.Data.Procedural;
using MfpClip.Data.Procedural.Canvas;
using MfpClip.Execution;
using MfpClip.Modules;
using MfpClip.Modules.ImageToText;
using MfpClip.Modules.Mask;
using MfpClip.Modules.MultiPatch;
using MfpClip.Modules.Scoring;
using MfpClip.Modules.Self;
using MfpClip.Pipeline;
using MfpClip.Tests.Backbones;
using MfpClip.Tests.Backbones.Cnn;
using MfpClip.Text;

namespace MfpClip.Tests.Pipeline;

public sealed class ModulePipelineTests : IDisposable
{
    private static readonly string[] Modules = ["i2tp", "sp", "mpfa", "mp"];
    private readonly DisposeScope _scope = torch.NewDisposeScope();
    private readonly FakeBackbone _clip = new();
    private readonly Tensor _images = FakeBackbone.Values(51, ScalarType.Float32, 2, 3, 8, 6);

    public void Dispose()
    {
        _clip.Dispose();
        _scope.Dispose();
    }

    [Fact]
    public void Gives_maps_and_scores_of_the_images_size()
    {
        using var states = States(_clip);

        var output = new ModulePipeline(Parts(_clip)).Forward(_images, states, ForwardContext.Default);

        Assert.Equal([2, 2, 8, 6], output.Coarse.shape);
        Assert.Equal([2, 2, 8, 6], output.Prompted!.shape);
        Assert.Equal([2, 8, 6], output.Map.shape);
        Assert.Equal([2], output.Score.shape);
        TensorAssert.Close(torch.ones(2, 8, 6), output.Coarse.sum(1), 1e-6);
        TensorAssert.Close((output.Coarse.select(1, 1) + output.Prompted.select(1, 1)) / 2, output.Map, 1e-7);
        TensorAssert.Differs(output.Map[0], output.Map[1]);
        Assert.False(output.Map.requires_grad);
    }

    [Fact]
    public void Every_stage_is_tapped_somewhere_else()
    {
        using var states = States(_clip);
        using var trace = new ForwardTrace(keepTensors: true);

        _ = new ModulePipeline(Parts(_clip)).Forward(_images, states, new() { Trace = trace });

        for (var i = 1; i <= 4; i++)
        {
            Assert.Equal([2, 13, 6], trace.Tensors[$"E{i}"].shape); // 1 + 4 x 3 tokens: the prompts are gone
            for (var j = i + 1; j <= 4; j++)
            {
                TensorAssert.Differs(trace.Tensors[$"E{i}"], trace.Tensors[$"E{j}"]);
                TensorAssert.Differs(trace.Tensors[$"Z{i}"], trace.Tensors[$"Z{j}"]);
                TensorAssert.Differs(trace.Tensors[$"A{i}"], trace.Tensors[$"A{j}"]);
            }
        }

        TensorAssert.Close(
            (trace.Tensors["A1"] + trace.Tensors["A2"] + trace.Tensors["A3"] + trace.Tensors["A4"]) / 4, trace.Tensors["M_c"], 1e-6);
    }

    [Fact]
    public void Stage_one_sees_prompts_between_class_token_and_patches()
    {
        var parts = Parts(_clip);
        using var states = States(_clip);
        using var trace = new ForwardTrace(keepTensors: true);

        _ = new ModulePipeline(parts).Forward(_images, states, new() { Trace = trace });

        var mean = torch.tensor(_clip.Normalization.Mean).view(1, 3, 1, 1);
        var std = torch.tensor(_clip.Normalization.Std).view(1, 3, 1, 1);
        var P_v = parts.Self.CreatePrompts(1, ImageContext.Of(parts.Cnn!.Extract((_images * std) + mean)));
        var e0 = _clip.Vision.Embed(_images);
        var out1 = _clip.Vision.RunBlocks(torch.cat([e0.narrow(1, 0, 1), P_v, e0.narrow(1, 1, 12)], 1), 0, 1, ForwardContext.Default);
        var E1 = torch.cat([out1.narrow(1, 0, 1), out1.narrow(1, 3, 12)], 1); // K = 2 prompts dropped
        TensorAssert.Close(E1, trace.Tensors["E1"], 1e-5);
        TensorAssert.Close(_clip.Vision.RunBlocks(E1, 1, 1, ForwardContext.Default), trace.Tensors["E2"], 1e-5);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Any_number_of_stages_takes_prompts(int prompted)
    {
        using var states = States(_clip);
        int[] stages = [.. Enumerable.Range(1, prompted)];
        using var fewer = new ForwardTrace(keepTensors: true);
        using var more = new ForwardTrace(keepTensors: true);

        _ = new ModulePipeline(Parts(_clip, self: new()
        {
            AdapterCount = 2, Stages = [.. stages.SkipLast(1)], Variant = prompted == 1 ? SelfPromptVariant.Off : SelfPromptVariant.Pooled,
        }))
            .Forward(_images, states, new() { Trace = fewer });
        _ = new ModulePipeline(Parts(_clip, self: new() { AdapterCount = 2, Stages = stages })).Forward(_images, states, new() { Trace = more });

        if (prompted > 1)
        {
            TensorAssert.Close(fewer.Tensors[$"E{prompted - 1}"], more.Tensors[$"E{prompted - 1}"], 1e-6);
        }

        TensorAssert.Differs(fewer.Tensors[$"E{prompted}"], more.Tensors[$"E{prompted}"]);
    }

    [Fact]
    public void An_untrained_mask_prompt_leaves_the_map()
    {
        using var states = States(_clip);
        var with = new ModulePipeline(Parts(_clip, fill: false)).Forward(_images, states, ForwardContext.Default);
        var without = new ModulePipeline(Parts(_clip, fill: false, mask: new() { Variant = MaskPromptVariant.Off }))
            .Forward(_images, states, ForwardContext.Default);

        TensorAssert.Close(without.Map, with.Map, 1e-6);
        TensorAssert.Close(without.Score, with.Score, 1e-6);
        Assert.Null(without.Prompted);
    }

    [Fact]
    public void With_everything_off_no_cnn_is_needed_and_texts_are_kept()
    {
        using var states = States(_clip);
        var parts = Parts(
            _clip, new() { Variant = ImageToTextVariant.Off }, new() { Variant = SelfPromptVariant.Off },
            new() { Neighbourhood = 1, Projection = PatchProjection.Clip }, new() { Variant = MaskPromptVariant.Off }) with { Cnn = null };
        var pipeline = new ModulePipeline(parts);

        var t = pipeline.EmbedTexts(states, ForwardContext.Default);
        var output = pipeline.Forward(_images, states, ForwardContext.Default, t);

        Assert.False(parts.ReadsCnn);
        Assert.Equal([1, 2, FakeBackbone.EmbedDim], t!.shape);
        TensorAssert.Close(pipeline.Forward(_images, states, ForwardContext.Default).Map, output.Map, 0);
        Assert.Null(new ModulePipeline(Parts(_clip)).EmbedTexts(states, ForwardContext.Default));
    }

    [Fact]
    public void Images_of_a_batch_do_not_touch_each_other()
    {
        using var states = States(_clip);
        var pipeline = new ModulePipeline(Parts(_clip));

        var both = pipeline.Forward(_images, states, ForwardContext.Default);
        var second = pipeline.Forward(_images.narrow(0, 1, 1), states, ForwardContext.Default);

        TensorAssert.Close(second.Map[0], both.Map[1], 1e-5);
        TensorAssert.Close(second.Score[0], both.Score[1], 1e-5);
    }

    [Fact]
    public void Gradients_of_the_whole_pipeline_agree_with_difference_quotients()
    {
        using var clip = new FakeBackbone(ScalarType.Float64);
        using var states = States(clip);
        var parts = Parts(clip, map: new() { Tau = 3 }, precision: ScalarType.Float64, mask: new() { DetachMask = false });
        var pipeline = new ModulePipeline(parts);
        var images = _images.to_type(ScalarType.Float64);
        // A smooth loss: the maximum in the score has kinks, so the map's squares stand for it.
        GradientCheck.Agrees(
            ModuleCheckpoint.Collect(parts.Checkpointed), () => pipeline.Forward(images, states, ForwardContext.Default).Map.pow(2).sum(), perTensor: 2);
        Assert.Equal(Modules, parts.Checkpointed.Where(m => m.Value.Weights.Count > 0).Select(m => m.Key));
    }

    [Fact]
    public void No_grad_builds_no_graph()
    {
        using var states = States(_clip);
        var parts = Parts(_clip);
        foreach (var (_, w) in ModuleCheckpoint.Collect(parts.Checkpointed))
        {
            w.requires_grad_(true);
        }

        var pipeline = new ModulePipeline(parts);
        Assert.True(pipeline.Forward(_images, states, ForwardContext.Default).Score.requires_grad);
        using var guard = torch.no_grad();
        Assert.False(pipeline.Forward(_images, states, ForwardContext.Default).Score.requires_grad);
    }

    [Fact]
    public void Live_tensors_stay_flat()
    {
        using var states = States(_clip);
        var pipeline = new ModulePipeline(Parts(_clip));
        Run();
        var statistics = DisposeScopeManager.Statistics;
        var before = statistics.ThreadTotalLiveCount;
        for (var i = 0; i < 50; i++)
        {
            Run();
        }

        Assert.Equal(before, statistics.ThreadTotalLiveCount);

        void Run()
        {
            using var scope = torch.NewDisposeScope();
            using var guard = torch.no_grad();
            using var trace = new ForwardTrace(keepTensors: true);
            _ = pipeline.Forward(_images, states, new() { Trace = trace });
            Assert.True(trace.Tensors.Count > 20);
        }
    }

    [Fact]
    public async Task Eight_threads_get_what_one_gets()
    {
        using var states = States(_clip);
        var pipeline = new ModulePipeline(Parts(_clip));
        var expected = Run();

        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Enumerable.Range(0, 10).Select(_ => Run()).ToList())));

        Assert.All(results.SelectMany(r => r), r => Assert.Equal(expected, r));

        float[] Run()
        {
            using var scope = torch.NewDisposeScope();
            using var guard = torch.no_grad();
            var output = pipeline.Forward(_images, states, ForwardContext.Default);
            return [.. output.Map.data<float>(), .. output.Score.data<float>()];
        }
    }

    [Fact]
    public void Times_cover_the_stages_in_order()
    {
        using var states = States(_clip);
        using var trace = new ForwardTrace();

        _ = new ModulePipeline(Parts(_clip)).Forward(_images, states, new() { Trace = trace });

        Assert.Equal(
            ["CNN features", "image-to-text prompt", "vision tower", "coarse map", "mask prompt", "score"], trace.Timings.Select(t => t.Key));
        Assert.Empty(trace.Tensors);
    }

    [Fact]
    public void Bad_compositions_images_and_cancelled_calls_are_refused()
    {
        using var states = States(_clip);
        var parts = Parts(_clip);

        Assert.Single(Assert.Throws<DetectorConfigurationException>(() => new ModulePipeline(parts with { Cnn = null })).Faults);
        Assert.Single(Assert.Throws<DetectorConfigurationException>(
            () => new ModulePipeline(parts with { Stages = new StagePlan([2, 9]) })).Faults);
        Assert.Throws<ArgumentException>(() => new ModulePipeline(parts).Forward(torch.zeros(1, 3, 7, 6), states, ForwardContext.Default));
        Assert.Throws<OperationCanceledException>(
            () => new ModulePipeline(parts).Forward(_images, states, new() { CancellationToken = new(true) }));
    }

    private static StateSentences States(FakeBackbone clip)
    {
        using var scope = torch.NewDisposeScope();
        return StateSentenceEncoder.Encode(
            clip.Text, "object",
            torch.tensor(new long[] { 18, 3, 5, 19, 0, 0, 0, 0, 0, 0, 0, 0 }, [1, 12]),
            torch.tensor(new long[] { 18, 3, 6, 7, 19, 0, 0, 0, 0, 0, 0, 0 }, [1, 12]), ForwardContext.Default);
    }

    private static PipelineParts Parts(
        FakeBackbone clip, ImageToTextPromptOptions? text = null, SelfPromptOptions? self = null, MultiPatchOptions? patches = null,
        MaskPromptOptions? mask = null, AnomalyMapOptions? map = null, bool fill = true, ScalarType precision = ScalarType.Float32)
    {
        var cnn = new FakeCnn();
        var dimensions = ModuleDimensions.Of(clip, cnn, stages: 4);
        var parts = new PipelineParts
        {
            Backbone = clip,
            Cnn = cnn,
            ImageToText = ImageToTextPrompt.Create(text ?? new() { TokenCount = 2 }, dimensions),
            Self = SelfPrompt.Create(self ?? new() { AdapterCount = 2 }, dimensions),
            MultiPatch = MultiPatchAggregator.Create(patches ?? new(), dimensions),
            Mask = MaskPrompt.Create(mask ?? new(), dimensions),
            Map = new AnomalyMapGenerator(map ?? new() { Tau = 10 }),
            Score = new AnomalyScorer(new() { Tau = 10 }),
            Stages = StagePlan.Even(clip.Vision.Layers, 4),
        };
        foreach (var module in parts.Modules.OfType<WeightedModule>())
        {
            module.To(torch.CPU, precision);
        }

        if (fill)
        {
            parts.Mask.Weights.Where(w => w.Key == "gamma").ToList().ForEach(w => w.Value.fill_(0.7));
        }

        return parts;
    }
}
