using MfpClip.Backbones.Cnn;
using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Modules;
using MfpClip.Modules.Self;
using MfpClip.Modules.Vision;
using MfpClip.Tests.Backbones;
using MfpClip.Tests.Backbones.Cnn;

namespace MfpClip.Tests.Modules;

public sealed class ImageContextTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();
    private readonly FakeBackbone _clip = new();
    private readonly Tensor _images = FakeBackbone.Values(51, ScalarType.Float32, 2, 3, 8, 6);

    public void Dispose()
    {
        _clip.Dispose();
        _scope.Dispose();
    }

    [Fact]
    public void Every_part_is_computed_once_and_outlives_the_scope_of_its_first_reader()
    {
        var cnn = new CountingCnn();
        using var image = new ImageContext(_clip, cnn, _images);
        using (torch.NewDisposeScope())
        {
            _ = (image.Cnn, image.ClipEmbedding);
        }

        var whole = _clip.Vision.RunBlocks(_clip.Vision.Embed(_images), 0, 4, ForwardContext.Default);
        TensorAssert.Close(whole, image.ClipTokens, 1e-6);
        TensorAssert.Close(_clip.Vision.Project(whole.select(1, 0)), image.ClipEmbedding, 1e-6);
        Assert.Same(image.ClipTokens, image.ClipTokens);
        Assert.Same(image.Cnn, image.Cnn);
        Assert.Equal([2, 6], image.Cnn.Pooled.shape);
        Assert.Equal(1, cnn.Calls);
        Assert.Equal((4, 3), (image.Rows, image.Columns));
    }

    [Fact]
    public void Without_prompts_the_encoder_is_the_plain_pass_and_its_class_token_that_of_the_whole_tower()
    {
        var plan = new StagePlan([1, 3]);
        using var image = new ImageContext(_clip, null, ImageBatch.FromNormalized(_images, _clip.Normalization), plan, ForwardContext.Default);

        var encoding = new StagedVisionEncoder().Encode(new() { Tower = _clip.Vision, Image = image, Stages = plan, Self = new NoSelfPrompt() });

        var e0 = _clip.Vision.Embed(_images);
        TensorAssert.Close(_clip.Vision.RunBlocks(e0, 0, 1, ForwardContext.Default), encoding.Stages[0].Tokens, 1e-6);
        TensorAssert.Close(_clip.Vision.RunBlocks(e0, 0, 3, ForwardContext.Default), encoding.Stages[1].Tokens, 1e-6);
        Assert.Equal([2, 12, FakeBackbone.VisionWidth], encoding.Stages[1].Grid().shape);
        TensorAssert.Close(encoding.Stages[1].Tokens.narrow(1, 1, 12), encoding.Stages[1].Grid(), 0);
        TensorAssert.Close(_clip.Vision.Project(_clip.Vision.RunBlocks(e0, 0, 4, ForwardContext.Default).select(1, 0)), encoding.ClassEmbedding, 1e-6);
    }

    [Fact]
    public void A_context_leaves_no_tensor_behind()
    {
        Read();
        var statistics = DisposeScopeManager.Statistics;
        var before = statistics.ThreadTotalLiveCount;
        for (int i = 0; i < 10; i++)
        {
            Read();
        }

        Assert.Equal(before, statistics.ThreadTotalLiveCount);
        using var empty = new ImageContext(_clip, null, _images);
        Assert.Throws<InvalidOperationException>(() => empty.Cnn);

        void Read()
        {
            using var batch = ImageBatch.FromNormalized(_images, _clip.Normalization);
            using var image = new ImageContext(_clip, new CountingCnn(), batch, new StagePlan([1, 2, 3]), ForwardContext.Default);
            _ = (image.Cnn, image.ClipTokens, image.ClipEmbedding, image.Embedded);
        }
    }

    private sealed class CountingCnn : ICnnFeatureExtractor
    {
        private readonly FakeCnn _inner = new();

        public int Calls { get; private set; }

        public int FeatureDim => _inner.FeatureDim;

        public IReadOnlyList<int> LevelDims => _inner.LevelDims;

        public IReadOnlyList<KeyValuePair<string, Tensor>> Weights => [];

        public CnnFeatures Extract(Tensor pixels)
        {
            Calls++;
            return _inner.Extract(pixels);
        }

        public StageDescription Describe() => _inner.Describe();

        public void To(Device device)
        {
        }

        public void Dispose()
        {
        }
    }
}
