using MfpClip.Backbones;
using MfpClip.Backbones.Clip;
using MfpClip.Backbones.Cnn;
using MfpClip.CustomModule;
using MfpClip.Data;
using MfpClip.Data.Procedural.Canvas;
using MfpClip.Execution;
using MfpClip.Kernels;
using MfpClip.Modules;
using MfpClip.Modules.ImageToText;
using MfpClip.Modules.MultiPatch;
using MfpClip.Modules.Scoring;
using MfpClip.Modules.Self;
using MfpClip.Modules.Vision;
using MfpClip.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace MfpClip.PublicApi.Tests;

/// <summary>Every module replaced by a class of another assembly that sees public types only (this one is no friend of the library).</summary>
public class OwnModulesTests
{
    private static ClipConfig Config => new()
    {
        EmbedDim = 16,
        Activation = MlpActivation.Gelu,
        Vision = new() { ImageSize = 28, PatchSize = 14, Width = 32, Layers = 4, Heads = 2 },
        Text = new() { VocabSize = 49408, Width = 16, Layers = 2, Heads = 2 },
    };

    [Fact]
    public void Every_module_can_be_ones_own()
    {
        var calls = new HashSet<string>();
        using var detector = new ZeroShotDetectorBuilder().UseRandomBackbone(Config).WithImageSize(56)
            .UseCnn(new MeanColor(calls))
            .UseImageToTextPrompt(d => new ShiftedText(d.EmbedDim, calls))
            .UseSelfPrompt(d => new ColorPrompt(d.VisionWidth, calls))
            .UseVisionEncoder(_ => new ClassTokenAdded(calls))
            .UseMultiPatch(_ => new ClipProjection(calls))
            .UseMaskPrompt(_ => new ContrastMaskPrompt(0.5))
            .UseAnomalyMap(_ => new OneMinusCosine(calls))
            .UseAnomalyScore(_ => new MapMean(calls))
            .WithPromptTemplates(new PromptTemplates { NormalStates = ["a flawless [object]"], AbnormalStates = ["a broken [object]", "a scratched [object]"] })
            .Build();

        var result = detector.Detect(ProceduralDataSet.Render("pill", 1).Image, new() { ClassName = "pill" });

        Assert.Equal(["cnn", "i2tp", "map", "mpfa", "score", "sp", "vision"], calls.Order());
        Assert.Equal(result.ModelMap.Data.Average(), result.Score, 1e-4f);
        Assert.Contains(detector.Description.Stages, s => s.Component == "contrast (sample)");
        Assert.True(detector.Description.Stages.Count(s => s.Component == "own") == 7);
    }

    [Fact]
    public void The_sample_module_changes_the_map_where_the_coarse_map_is_high()
    {
        ZeroShotDetectorBuilder Compose() => new ZeroShotDetectorBuilder().UseRandomBackbone(Config).WithImageSize(56)
            .WithoutImageToTextPrompt().WithoutSelfPrompt();
        var image = ProceduralDataSet.Render("gear", 1, DefectKind.Hole).Image;
        using var without = Compose().WithoutMaskPrompt().Build();
        using var zero = Compose().UseMaskPrompt(_ => new ContrastMaskPrompt(0)).Build();
        using var with = Compose().UseMaskPrompt(_ => new ContrastMaskPrompt(2)).Build();

        Assert.All(without.Detect(image).ModelMap.Data.Zip(zero.Detect(image).ModelMap.Data), p => Assert.Equal(p.First, p.Second, 1e-5f));
        Assert.NotEqual(without.Detect(image).Score, with.Detect(image).Score);
    }

    [Fact]
    public void The_sample_encoder_reads_patches_elsewhere_and_the_class_token_where_it_was()
    {
        ZeroShotDetectorBuilder Compose() => new ZeroShotDetectorBuilder().UseRandomBackbone(Config).WithImageSize(56)
            .WithoutImageToTextPrompt().WithoutSelfPrompt()
            .WithoutMaskPrompt().UseAnomalyScore(new AnomalyScoreOptions { Strategy = ScoreStrategy.Global });
        var image = ProceduralDataSet.Render("gear", 1, DefectKind.Hole).Image;
        using var plain = Compose().Build();
        using var keys = Compose().UseVisionEncoder(_ => new KeyAttentionEncoder()).Build();

        Assert.Equal(plain.Detect(image).Score, keys.Detect(image).Score, 1e-5f);
        Assert.NotEqual(plain.Detect(image).ModelMap.Data, keys.Detect(image).ModelMap.Data);
    }

    [Fact]
    public void An_encoder_that_takes_no_self_prompts_says_so_beside_one()
    {
        ZeroShotDetectorBuilder Compose() => new ZeroShotDetectorBuilder().UseRandomBackbone(Config).WithImageSize(56).UseCnn(new MeanColor([]))
            .UseVisionEncoder(_ => new PlainEmbedding([])).WithoutImageToTextPrompt();

        Assert.Contains("WithoutSelfPrompt", Assert.Single(Assert.Throws<DetectorConfigurationException>(() => Compose().Build()).Faults),
            StringComparison.Ordinal);
        using var detector = Compose().WithoutSelfPrompt().Build();
        Assert.Equal(56, detector.Detect(ProceduralDataSet.Render("pill", 1).Image).ModelMap.Width);
    }

    private abstract class Own(HashSet<string> calls, string name) : IDetectorModule
    {
        public IReadOnlyList<KeyValuePair<string, Tensor>> Weights => [];

        public StageDescription Describe() => new() { Stage = name, Component = "own" };

        public void To(Device device)
        {
        }

        public void Dispose()
        {
        }

        protected void Called() => calls.Add(name);
    }

    private sealed class MeanColor(HashSet<string> calls) : Own(calls, "cnn"), ICnnFeatureExtractor
    {
        public int FeatureDim => 3;

        public IReadOnlyList<int> LevelDims => [3];

        public CnnFeatures Extract(Tensor pixels)
        {
            Called();
            var f = pixels.mean([2, 3]);
            return new(f, [f.alias()]);
        }
    }

    private sealed class ShiftedText(int dim, HashSet<string> calls) : Own(calls, "i2tp"), IImageToTextPrompt
    {
        public ImageSources Reads => ImageSources.CnnFeatures | ImageSources.ClipEmbedding;

        public Tensor EmbedStates(ITextTower text, StateSentences states, ImageContext? image, ForwardContext context)
        {
            Called();
            Assert.Equal([1, dim], image!.ClipEmbedding.shape);
            using var scope = NewDisposeScope();
            var shift = image.Cnn.Pooled.mean([1], keepdim: true).expand(-1, dim).unsqueeze(1) * 0.01;
            return nn.functional.normalize(states.Embeddings.unsqueeze(0) + shift, dim: -1).MoveToOuterDisposeScope();
        }
    }

    private sealed class ColorPrompt(int width, HashSet<string> calls) : Own(calls, "sp"), ISelfPrompt
    {
        public IReadOnlyCollection<int> Stages => [2];

        public ImageSources Reads => ImageSources.CnnFeatures;

        public Tensor CreatePrompts(int stage, ImageContext image)
        {
            Called();
            return image.Cnn.Pooled.mean([1], keepdim: true).expand(-1, width).unsqueeze(1);
        }
    }

    /// <summary>The tower without prompts but SP's, the class token added to every patch.</summary>
    private sealed class ClassTokenAdded(HashSet<string> calls) : Own(calls, "vision"), IVisionEncoder
    {
        public ImageSources Reads => ImageSources.None;

        public bool TakesSelfPrompts => true;

        public VisionEncoding Encode(VisionRun run)
        {
            Called();
            using var scope = NewDisposeScope();
            var tokens = run.Image.Embedded;
            var stages = new List<VisionStage>();
            for (int stage = 1; stage <= run.Stages.Count; stage++)
            {
                run.Context.CancellationToken.ThrowIfCancellationRequested();
                var (first, count) = run.Stages.Blocks(stage);
                if (run.Self.Stages.Contains(stage))
                {
                    var prompts = run.Self.CreatePrompts(stage, run.Image);
                    tokens = run.Tower.RunBlocks(cat([prompts, tokens], 1), first, count, run.Context).narrow(1, prompts.shape[1], tokens.shape[1]);
                }
                else
                {
                    tokens = run.Tower.RunBlocks(tokens, first, count, run.Context);
                }

                stages.Add(new((tokens.narrow(1, 1, tokens.shape[1] - 1) + tokens.narrow(1, 0, 1))
                    .MoveToOuterDisposeScope(), run.Image.Rows, run.Image.Columns));
            }

            return new(stages, run.Tower.Project(tokens.select(1, 0)).MoveToOuterDisposeScope());
        }
    }

    /// <summary>One stage: the plain pass.</summary>
    private sealed class PlainEmbedding(HashSet<string> calls) : Own(calls, "vision"), IVisionEncoder
    {
        public ImageSources Reads => ImageSources.ClipTokens;

        public bool TakesSelfPrompts => false;

        public VisionEncoding Encode(VisionRun run) =>
            new([.. Enumerable.Range(0, run.Stages.Count).Select(_ => new VisionStage(run.Image.ClipTokens.alias(), run.Image.Rows, run.Image.Columns))],
                run.Image.ClipEmbedding.alias());
    }

    private sealed class ClipProjection(HashSet<string> calls) : Own(calls, "mpfa"), IPatchAggregator
    {
        public Tensor Project(int stage, Tensor patchTokens, int rows, int columns, IVisionTower vision)
        {
            Called();
            using var scope = NewDisposeScope();
            return vision.Project(patchTokens).transpose(1, 2).reshape(patchTokens.shape[0], vision.EmbedDim, rows, columns).MoveToOuterDisposeScope();
        }

        public Tensor Aggregate(Tensor projected) => projected.alias();
    }

    private sealed class OneMinusCosine(HashSet<string> calls) : Own(calls, "map"), IAnomalyMapGenerator
    {
        public Tensor Map(IReadOnlyList<Tensor> Z, IReadOnlyList<Tensor> t, int height, int width, ForwardContext context)
        {
            Called();
            using var scope = NewDisposeScope();
            var last = nn.functional.normalize(Z[^1], dim: 1); // [B, C, g, g]
            var logits = einsum("bchw,bsc->bshw", last, t[^1].expand(last.shape[0], -1, -1)).mul(10).softmax(1);
            return nn.functional.interpolate(logits, [height, width], mode: InterpolationMode.Bilinear, align_corners: false).MoveToOuterDisposeScope();
        }
    }

    private sealed class MapMean(HashSet<string> calls) : Own(calls, "score"), IAnomalyScorer
    {
        public ImageScore Score(ScoreContext context)
        {
            Called();
            Assert.All(context.StageLogits(), l => Assert.Equal([1, 2, 4, 4], l.shape));
            return new(context.Map.mean([1, 2]));
        }
    }
}
