using MfpClip.Backbones;
using MfpClip.Backbones.Clip;
using MfpClip.Data.Procedural;
using MfpClip.Execution;
using MfpClip.Methods.AnomalyClip;
using MfpClip.Modules;
using MfpClip.Modules.Self;
using MfpClip.Modules.Vision;
using MfpClip.Tests.Backbones;
using MfpClip.Tests.Detection;

namespace MfpClip.Tests.Methods.AnomalyClip;

public sealed class DualPathVisionEncoderTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();
    private readonly ClipBackbone _clip = ClipBackbone.CreateRandom(ZeroShotDetectorTests.Config, 4);
    private readonly Tensor _images = FakeBackbone.Values(7, ScalarType.Float32, 2, 3, 56, 56);

    public void Dispose()
    {
        _clip.Dispose();
        _scope.Dispose();
    }

    [Fact]
    public void The_second_path_attends_from_values_to_values_and_has_no_MLP()
    {
        var encoding = Encode(new() { DualPathBlocks = 2 });

        var vision = _clip.Vision;
        var blocks = (IAttentionBlocks)vision;
        var x = vision.RunBlocks(vision.Embed(_images), 0, 2, ForwardContext.Default);
        TensorAssert.Close(vision.RunBlocks(vision.Embed(_images), 0, 1, ForwardContext.Default), encoding.Stages[0].Tokens, 1e-5);
        TensorAssert.Close(x, encoding.Stages[1].Tokens, 1e-5);
        var p = x;
        for (int block = 2; block < 4; block++)
        {
            // softmax(v v^T / sqrt(d)) v written out; the heads are joined by the block's own output projection.
            var v = blocks.ProjectAttention(block, x, AttentionPart.Values); // [B, h, T, d]
            var weights = torch.matmul(v, v.transpose(2, 3)).div(Math.Sqrt(v.shape[3])).softmax(-1);
            var identity = torch.eye(v.shape[2]).expand(2, v.shape[1], -1, -1);
            p = p + blocks.Attend(block, identity * 1e4, identity, torch.matmul(weights, v)); // one-hot attention: the values pass as they are
            x = vision.RunBlocks(x, block, 1, ForwardContext.Default);
            TensorAssert.Close(p, encoding.Stages[block].Tokens, 1e-4);
        }

        TensorAssert.Close(blocks.ProjectWithoutNorm(x.select(1, 0)), encoding.ClassEmbedding, 1e-5);
        TensorAssert.Close(vision.Project(x.select(1, 0)), Encode(new() { DualPathBlocks = 2, NormalizeClassToken = true }).ClassEmbedding, 1e-5);
    }

    [Fact]
    public void The_attention_taken_apart_is_the_blocks_own()
    {
        var vision = _clip.Vision;
        var blocks = (IAttentionBlocks)vision;
        var x = vision.Embed(_images);
        Tensor Part(AttentionPart part) => blocks.ProjectAttention(1, x, part);

        // A block whose MLP is passed over cannot be run, so two inputs that differ by the attention only are compared through the whole block:
        // with DualPathBlocks 0 the encoder is the plain pass.
        var attention = blocks.Attend(1, Part(AttentionPart.Queries), Part(AttentionPart.Keys), Part(AttentionPart.Values));
        Assert.Equal(x.shape, attention.shape);
        TensorAssert.Differs(attention, blocks.Attend(1, Part(AttentionPart.Values), Part(AttentionPart.Values), Part(AttentionPart.Values)));
        var plain = Encode(new() { DualPathBlocks = 0 });
        for (int i = 0; i < 4; i++)
        {
            TensorAssert.Close(vision.RunBlocks(x, 0, i + 1, ForwardContext.Default), plain.Stages[i].Tokens, 1e-5);
        }
    }

    [Fact]
    public void Stages_differ_unless_the_old_fault_is_asked_for()
    {
        var right = Encode(new() { DualPathBlocks = 3 });
        var old = Encode(new() { DualPathBlocks = 3, RepeatLastFeatures = true });

        for (int i = 0; i < 4; i++)
        {
            for (int j = i + 1; j < 4; j++)
            {
                TensorAssert.Differs(right.Stages[i].Tokens, right.Stages[j].Tokens);
            }

            TensorAssert.Close(i == 0 ? right.Stages[0].Tokens : right.Stages[3].Tokens, old.Stages[i].Tokens, 1e-6);
        }

        TensorAssert.Close(right.ClassEmbedding, old.ClassEmbedding, 1e-6);
    }

    [Fact]
    public void Nineteen_of_twentyfour_blocks_have_two_paths_by_default()
    {
        string First(int layers) => new DualPathVisionEncoder(new(), new(0, [], 8, 8, 8, 77, 4) { VisionLayers = layers }).Describe().Options["from block"];

        Assert.Equal("6", First(24)); // DPAM_layer 20: the last 19
        Assert.Equal("3", First(10));
    }

    [Fact]
    public void A_tower_that_cannot_be_taken_apart_is_refused()
    {
        using var fake = new FakeBackbone();

        Assert.Contains(nameof(IAttentionBlocks), Assert.Single(Encoder(new()).Faults(fake.Vision)), StringComparison.Ordinal);
        Assert.Empty(Encoder(new()).Faults(_clip.Vision));
    }

    private static IVisionEncoder Encoder(AnomalyClipOptions options) =>
        AnomalyClipParts.CreateVisionEncoder(new(0, [], 32, 16, 16, 77, 4) { VisionLayers = 4 }, options);

    private VisionEncoding Encode(AnomalyClipOptions options)
    {
        using var image = new ImageContext(_clip, null, _images);
        return Encoder(options).Encode(new() { Tower = _clip.Vision, Image = image, Stages = new([1, 2, 3, 4]), Self = new NoSelfPrompt() });
    }
}
