using MfpClip.Backbones;
using MfpClip.Backbones.Clip;
using MfpClip.Data.Procedural;
using MfpClip.Data.Procedural.Canvas;
using MfpClip.Execution;
using MfpClip.Kernels;
using MfpClip.Modules;
using MfpClip.Modules.Vision;
using MfpClip.Pipeline;

namespace MfpClip.Tests.Execution;

/// <summary>The context of a forward pass reaches every module, on whatever thread it runs, and nothing of it stays behind.</summary>
public class ForwardContextTests
{
    private static readonly ClipConfig Small = new()
    {
        EmbedDim = 16,
        Activation = MlpActivation.QuickGelu,
        Vision = new() { ImageSize = 28, PatchSize = 14, Width = 32, Layers = 4, Heads = 2 },
        Text = new() { VocabSize = 49408, Width = 16, Layers = 1, Heads = 2 },
    };

    [Fact]
    public async Task It_reaches_DetectAsync_on_another_thread()
    {
        var seen = new List<ForwardContext>();
        using var built = Builder(seen).Build();
        using var trace = new ForwardTrace(keepTensors: true);
        using var detector = built.WithContext(new() { Reproducible = true, Trace = trace });
        await foreach (var result in detector.DetectAsync(Images()))
        {
            Assert.InRange(result.Score, 0, 1);
        }

        Assert.NotEmpty(seen);
        Assert.All(seen, c => Assert.True(c.Reproducible && ReferenceEquals(trace, c.Trace)));
        Assert.Contains("E1", trace.Tensors.Keys);
        Assert.Contains("own", trace.Tensors.Keys); // a module's own intermediate
        seen.Clear();
        built.Detect(Image());
        Assert.All(seen, c => Assert.False(c.Reproducible || ReferenceEquals(trace, c.Trace)));
    }

    [Fact]
    public async Task Reproducible_kernels_are_used_on_whatever_thread_runs_the_pass()
    {
        var tower = new List<bool>();
        using var built = new ZeroShotDetectorBuilder().UseBackbone(new Watched(ClipBackbone.CreateRandom(Small, 1), tower)).WithImageSize(56)
            .WithoutImageToTextPrompt().WithoutSelfPrompt().Build();
        using var detector = built.WithContext(new() { Reproducible = true });
        await foreach (var _ in detector.DetectAsync(Images()))
        {
        }

        Assert.NotEmpty(tower);
        Assert.All(tower, Assert.True);
        tower.Clear();
        built.Detect(Image());
        Assert.All(tower, Assert.False);
    }

    [Fact]
    public void A_trace_may_be_used_for_one_call_after_another()
    {
        using var built = Builder([]).Build();
        using var trace = new ForwardTrace(keepTensors: true);
        using var detector = built.WithContext(new() { Trace = trace });
        var first = detector.Detect(Image());
        var second = detector.Detect(Image());
        Assert.Equal(first.ModelMap.Data, second.ModelMap.Data);
        Assert.Equal(first.Timings.ForwardStages.Keys, second.Timings.ForwardStages.Keys);
        Assert.Equal(built.Detect(Image()).ModelMap.Data, first.ModelMap.Data);
    }

    [Fact]
    public void A_wrapped_backbone_keeps_kernels_attention_blocks_and_frozen_weights()
    {
        var own = ClipBackbone.CreateRandom(Small, 1);
        var seen = new List<bool>();
        var wrapped = new Watched(own, seen);
        Assert.Same(own, wrapped.GetService<IKernelMeasurement>());
        Assert.Same(own, wrapped.GetService<IFrozenNetwork>());
        Assert.Same(own, wrapped.GetService<ClipBackbone>());
        Assert.Same(wrapped, wrapped.GetService<IClipBackbone>());
        Assert.Same(own.Vision, wrapped.Vision.GetService<IAttentionBlocks>());
        Assert.Null(wrapped.GetService<IVisionEncoder>());

        using var detector = new ZeroShotDetectorBuilder().UseBackbone(wrapped).UseAnomalyClip(new() { Seed = 1 }).WithImageSize(56).Build();
        using var plain = new ZeroShotDetectorBuilder().UseBackbone(ClipBackbone.CreateRandom(Small, 1)).UseAnomalyClip(new() { Seed = 1 })
            .WithImageSize(56).Build();
        var method = detector.GetTrainable();
        Assert.Equal(own.FrozenWeights.Select(w => $"backbone.{w.Key}"), method.FrozenWeights.Select(w => w.Key));
        Assert.Equal(plain.Detect(Image()).Score, detector.Detect(Image()).Score, 1e-5f);
        Assert.NotEmpty(seen);
    }

    [Fact]
    public void A_wrapped_pass_offers_what_it_wraps()
    {
        using var detector = new ZeroShotDetectorBuilder().UseBackbone(ClipBackbone.CreateRandom(Small, 1)).WithImageSize(56).WithScales(1, 0.5)
            .WithoutImageToTextPrompt().WithoutSelfPrompt().Build();
        Assert.NotNull(detector.Pass.GetService<MultiScalePass>());
        Assert.NotNull(detector.Pass.GetService<ModulePass>());
        Assert.NotNull(detector.Pass.GetService<IAttentionBlocks>());
        Assert.Null(detector.Pass.GetService<IVisionEncoder>());
    }

    private static ZeroShotDetectorBuilder Builder(List<ForwardContext> seen) => new ZeroShotDetectorBuilder().UseRandomBackbone(Small, 1).WithImageSize(56)
        .UseVisionEncoder(_ => new Spy(seen)).WithoutImageToTextPrompt().WithoutSelfPrompt();

    private static RgbImage Image(int seed = 1)
    {
        var pixels = new byte[56 * 56 * 3];
        new Random(seed).NextBytes(pixels);
        return new(56, 56, pixels);
    }

    private static async IAsyncEnumerable<ImageInput> Images()
    {
        foreach (int i in Enumerable.Range(0, 5))
        {
            await Task.Yield();
            yield return ImageInput.FromPixels(Image(i), $"{i}");
        }
    }

    private sealed class Spy(List<ForwardContext> seen) : IVisionEncoder
    {
        private readonly StagedVisionEncoder _inner = new();

        public ImageSources Reads => _inner.Reads;

        public bool TakesSelfPrompts => true;

        public IReadOnlyList<KeyValuePair<string, Tensor>> Weights => [];

        public StageDescription Describe() => _inner.Describe();

        public void To(Device device)
        {
        }

        public VisionEncoding Encode(VisionRun run)
        {
            seen.Add(run.Context);
            run.Context.Trace?.Keep("own", run.Image.Embedded);
            return _inner.Encode(run);
        }

        public void Dispose() => _inner.Dispose();
    }

    private sealed class Watched(ClipBackbone inner, List<bool> reproducible) : DelegatingClipBackbone(inner)
    {
        private readonly Tower _vision = new(inner.Vision, reproducible);

        public override IVisionTower Vision => _vision;

        private sealed class Tower(IVisionTower inner, List<bool> reproducible) : DelegatingVisionTower(inner)
        {
            public override Tensor RunBlocks(Tensor tokens, int first, int count, ForwardContext context)
            {
                reproducible.Add(context.Reproducible);
                return base.RunBlocks(tokens, first, count, context);
            }
        }
    }
}
