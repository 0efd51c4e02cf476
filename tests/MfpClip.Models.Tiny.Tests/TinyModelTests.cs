using MfpClip.Backbones;
using MfpClip.Backbones.Cnn;
using MfpClip.Backbones.Hybrid;
using MfpClip.Detection;
using MfpClip.Execution;
using MfpClip.Methods.Mfp;
using MfpClip.Modules.Mask;
using MfpClip.Modules.Self;
using MfpClip.Tensors;
using MfpClip.Weights;

namespace MfpClip.Models.Tiny.Tests;

public sealed class TinyModelTests : IDisposable
{
    private static readonly HybridConfig Small = new()
    {
        EmbedDim = 16,
        Vision = new() { ImageSize = 64, Width = 24, Layers = 4, Heads = 2, PooledGrid = 2, PositionGrid = 2, Kernel = 3 },
        Text = new() { VocabSize = 49408, Width = 8, Layers = 1, Heads = 1 },
    };

    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Detectors_of_the_default_model_hold_one_network()
    {
        using var first = ZeroShotDetector.CreateDefault();
        using var second = ZeroShotDetector.CreateDefault();

        Assert.Same(first.Pass.GetService<IVisionBackbone>()!.Vision, second.Pass.GetService<IVisionBackbone>()!.Vision);
    }

    [Fact]
    public void A_bundled_model_keeps_the_training_of_the_modules_that_are_left_as_they_were()
    {
        Write();
        using var whole = Bundled(b => b);
        Assert.All(Modules(whole), m => Assert.Equal("test", m.Weights[0].Source));
        Assert.Equal(4, Modules(whole).Count);

        using var without = Bundled(b => b.WithoutSelfPrompt());
        Assert.DoesNotContain(Modules(without), m => m.Stage.Contains("SP", StringComparison.Ordinal));
        Assert.All(Modules(without), m => Assert.Equal("test", m.Weights[0].Source));

        using var other = Bundled(b => b.UseSelfPrompt(new SelfPromptOptions { Stages = [1, 2], Variant = SelfPromptVariant.Levels })
            .UseMaskPrompt(new MaskPromptOptions { Variant = MaskPromptVariant.Prototype }));
        Assert.Equal("untrained", Modules(other).Single(m => m.Stage.Contains("SP", StringComparison.Ordinal)).Weights[0].Source);
        Assert.Equal("test", Modules(other).Single(m => m.Stage.Contains("MPFA", StringComparison.Ordinal)).Weights[0].Source);
    }

    [SkippableFact]
    public void A_folder_that_pretraining_filled_takes_the_place_of_the_weights_inside()
    {
        Skip.IfNot(TinyModel.IsAvailable, "This build carries no weights.");
        foreach (var (name, file) in new[] { ("tiny-clip.safetensors", "clip.safetensors"), ("tiny-modules.safetensors", "modules.safetensors") })
        {
            using var stored = typeof(TinyModel).Assembly.GetManifestResourceStream(name)!;
            using var written = File.Create(Path.Combine(_folder, file));
            stored.CopyTo(written);
        }

        using var inside = ZeroShotDetector.CreateDefault();
        using var outside = new ZeroShotDetectorBuilder().UseDefaultModel(_folder).Build();
        var image = new RgbImage(40, 30, [.. Enumerable.Range(0, 3600).Select(i => (byte)(i * 7))]);

        Assert.True(TinyModel.IsPretrained(_folder));
        Assert.Equal(inside.Detect(image).Score, outside.Detect(image).Score, 6);
        Assert.All(Modules(outside), m => Assert.Equal("modules.safetensors", m.Weights[0].Source));
        File.Delete(Path.Combine(_folder, "modules.safetensors"));
        Assert.Contains("pretrain", Assert.Throws<WeightsException>(() => new ZeroShotDetectorBuilder().UseDefaultModel(_folder)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void With_another_backbone_nothing_trained_is_used()
    {
        Write();
        using var detector = Bundled(b => b.UseBackbone(HybridBackbone.CreateRandom(Small, 99)));
        Assert.All(Modules(detector), m => Assert.Equal("untrained", m.Weights[0].Source));
    }

    [Fact]
    public void Every_method_runs_on_the_bundled_backbone_from_scratch()
    {
        Write();
        foreach (var method in DetectorRegistry.Default.Methods)
        {
            using var detector = Bundled(b => Applied(method, b));
            Assert.All(Modules(detector), m => Assert.Equal(method.Description.Id == "mfp-clip" ? "test" : "untrained", m.Weights[0].Source));
            using var ready = method.Description.NeedsReferences ? detector.WithReferences([Noise(1), Noise(2)]) : detector.WithCalibration(null);
            Assert.InRange(ready.Detect(Noise(3)).Score, 0, 1);

            using var scratch = Bundled(b => Applied(method, b).WithoutModuleWeights());
            Assert.All(Modules(scratch), m => Assert.Equal("untrained", m.Weights[0].Source));
        }

        static ImageInput Noise(int seed)
        {
            var pixels = new byte[64 * 64 * 3];
            new Random(seed).NextBytes(pixels);
            return ImageInput.FromPixels(new RgbImage(64, 64, pixels), $"noise {seed}");
        }

        // MFP-CLIP is the bundled composition itself.
        static ZeroShotDetectorBuilder Applied(RegisteredMethod method, ZeroShotDetectorBuilder builder)
        {
            if (method.Description.Id != "mfp-clip")
            {
                builder.UseMethod(method.Create(1));
            }

            return builder;
        }
    }

    [SkippableFact]
    public void The_default_detector_says_what_it_is_made_of_and_every_module_can_be_switched_off()
    {
        Skip.IfNot(TinyModel.IsAvailable, "This build carries no weights: see docs/tiny-model.md.");
        using var detector = ZeroShotDetector.CreateDefault();
        Assert.Equal(TinyModel.ImageSize, detector.Description.ImageSize);
        Assert.Contains(detector.Description.Stages, s => s.Component.Contains("EfficientNet-Lite0", StringComparison.Ordinal));
        using var bare = new ZeroShotDetectorBuilder().UseDefaultModel().WithoutImageToTextPrompt().WithoutSelfPrompt().WithoutMultiPatch()
            .WithoutMaskPrompt().Build();
        var pixels = new byte[64 * 64 * 3];
        Assert.InRange(bare.Detect(new RgbImage(64, 64, pixels)).Score, 0, 1);
    }

    [SkippableFact]
    public void From_scratch_the_seed_decides_the_starting_values_and_trained_modules_do_not_care_for_it()
    {
        Skip.IfNot(TinyModel.IsAvailable, "This build carries no weights: see docs/tiny-model.md.");
        Assert.NotEqual(Scratch(1), Scratch(2));
        Assert.Equal(Scratch(1), Scratch(1));
        using var trained = new ZeroShotDetectorBuilder().UseDefaultModel(7).Build();
        using var usual = ZeroShotDetector.CreateDefault();
        Assert.Equal(Modules(usual).Select(m => m.Weights[0].Sha256), Modules(trained).Select(m => m.Weights[0].Sha256));

        static string Scratch(long seed)
        {
            using var detector = new ZeroShotDetectorBuilder().UseDefaultModel(seed).WithoutModuleWeights().Build();
            return detector.Description.WeightsHash;
        }
    }

    [SkippableFact]
    public void Without_weights_the_error_says_how_to_get_them()
    {
        Skip.If(TinyModel.IsAvailable, "This build carries weights.");
        Assert.Contains("docs/tiny-model.md", Assert.Throws<WeightsException>(() => ZeroShotDetector.CreateDefault()).Message, StringComparison.Ordinal);
    }

    private void Write()
    {
        using var scope = torch.NewDisposeScope();
        var start = new ParameterInitializer(1);
        var tensors = HybridShapes.Of(Small).Select(s => new KeyValuePair<string, Tensor>(s.Name, HybridShapes.Start(s.Name, s.Shape, Small, start)))
            .Concat(EfficientNetLiteWeights.Random(16, head: true, 1).Select(t => new KeyValuePair<string, Tensor>(HybridShapes.Cnn + t.Key, t.Value)));
        SafetensorsWriter.Write(Path.Combine(_folder, "clip"), tensors, HybridBackbone.Metadata(Small));
        using var detector = HybridMfpClip.Apply(new ZeroShotDetectorBuilder().UseBackbone(Path.Combine(_folder, "clip")), 64)
            .UseCnn(new EfficientNetLiteOptions { RandomSeed = 1, InputSize = 32 }).Build();
        detector.SaveModules(Path.Combine(_folder, "modules"));
    }

    private ZeroShotDetector Bundled(Func<ZeroShotDetectorBuilder, ZeroShotDetectorBuilder> change) => change(HybridMfpClip.Apply(
        new ZeroShotDetectorBuilder().UseModel(new()
        {
            Name = "test", OpenBackbone = () => WeightFile.Open(Path.Combine(_folder, "clip")), OpenModules = () =>
                WeightFile.Open(Path.Combine(_folder, "modules")),
            CnnInputSize = HybridMfpClip.CnnInputSize,
        }), 64)).Build();

    private static List<StageDescription> Modules(ZeroShotDetector detector) =>
        [.. detector.Description.Stages.Where(s => s.Weights.Count > 0 && s.Stage is not ("backbone" or "CNN features"))];
}
