using MfpClip.Backbones.Clip;
using MfpClip.Backbones.Cnn;
using MfpClip.Data.Procedural.Canvas;
using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Methods.AdaClip;
using MfpClip.Methods.AnomalyClip;
using MfpClip.Modules.ImageToText;
using MfpClip.Modules.Mask;
using MfpClip.Modules.MultiPatch;
using MfpClip.Modules.Self;
using MfpClip.Objectives;
using MfpClip.Tests.Backbones;
using MfpClip.Tests.Detection;

namespace MfpClip.Tests.Methods;

/// <summary>The methods as compositions of exchangeable parts: each alone, and mixes of them.</summary>
public sealed class MixedMethodsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;

    public static TheoryData<string> Compositions => [.. All.Keys];

    private static ClipConfig Config => ZeroShotDetectorTests.Config with { Text = ZeroShotDetectorTests.Config.Text with { Layers = 3 } };

    private static AdaClipOptions Ada => new() { Clusters = 2 };

    private static Dictionary<string, Func<ZeroShotDetectorBuilder, ZeroShotDetectorBuilder>> All { get; } = new()
    {
        ["AnomalyCLIP"] = b => b.UseAnomalyClip(),
        ["AnomalyCLIP as released"] = b => b.UseAnomalyClip(AnomalyClipOptions.AsReleased),
        ["AnomalyCLIP as published"] = b => b.UseAnomalyClip(AnomalyClipOptions.AsPublished),
        ["AdaCLIP"] = b => b.UseAdaClip(Ada),
        ["AdaCLIP as published"] = b => b.UseAdaClip(AdaClipOptions.AsPublished with { Clusters = 3 }),
        ["AdaCLIP, static only"] = b => b.UseAdaClip(Ada with { DynamicPrompts = false }),
        ["MFP-CLIP with AnomalyCLIP's prompts"] = b => b.UseImageToTextPrompt(d => AnomalyClipParts.CreatePrompts(d)),
        ["MFP-CLIP with AdaCLIP's prompts and score"] = b => b.UseImageToTextPrompt(d => AdaClipParts.CreatePrompts(d))
            .UseAnomalyScore(d => AdaClipParts.CreateScorer(d, Ada)),
        ["MFP-CLIP with AnomalyCLIP's encoder, SP in every stage"] = b =>
            b.UseVisionEncoder(d => AnomalyClipParts.CreateVisionEncoder(d)).UseSelfPrompt(new SelfPromptOptions { Stages = [1, 2, 3, 4] }),
        ["AdaCLIP with MFP-CLIP's MPFA"] = b => b.UseAdaClip(Ada).UseMultiPatch(new MultiPatchOptions { Neighbourhood = 3 }),
        ["AdaCLIP with MFP-CLIP's SP and MP"] = b => b.UseAdaClip(Ada).UseSelfPrompt(new SelfPromptOptions { Stages = [1, 3] })
            .UseMaskPrompt(new MaskPromptOptions()),
        ["AnomalyCLIP with AdaCLIP's encoder and score"] = b =>
            b.UseAnomalyClip().UseVisionEncoder(d => AdaClipParts.CreateVisionEncoder(d)).UseAnomalyScore(d => AdaClipParts.CreateScorer(d, Ada)),
        ["AnomalyCLIP with MFP-CLIP's prompts"] = b => b.UseAnomalyClip().UseImageToTextPrompt(new ImageToTextPromptOptions()),
        ["APRIL-GAN with AnomalyCLIP's encoder and MFP-CLIP's MP"] = b =>
            b.UseAprilGan().UseVisionEncoder(d => AnomalyClipParts.CreateVisionEncoder(d)).UseMaskPrompt(new MaskPromptOptions()),
        ["AnomalyCLIP after AdaCLIP"] = b => b.UseAdaClip(Ada).UseAnomalyClip(),
    };

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Compositions))]
    public async Task It_detects_the_same_from_many_threads_and_leaves_no_tensor_behind(string name)
    {
        using var detector = Build(name);
        var pictures = Enumerable.Range(1, 3).Select(i => ZeroShotDetectorTests.Picture(i)).ToList();
        var expected = pictures.Select(p => Numbers(detector.Detect(p))).ToList();
        Assert.All(expected, e => Assert.All(e, v =>
            Assert.InRange(v, 0, name.EndsWith("released", StringComparison.Ordinal) || name.EndsWith("published", StringComparison.Ordinal) ? 4 : 1)));
        Assert.NotEqual(expected[0], expected[1]);

        // An image's result does not depend on its neighbours in a batch.
        var batch = detector.DetectBatch([.. pictures.Select(p => (ImageInput)p)]).Select(Numbers).ToList();
        Assert.All(expected.Zip(batch), p => Assert.All(p.First.Zip(p.Second), v => Assert.Equal(v.First, v.Second, 1e-3f)));

        long before = LiveTensors.Settle();
        for (int i = 0; i < 5; i++)
        {
            detector.Detect(pictures[0]);
        }

        Assert.Equal(before, torch.Tensor.TotalCount);
        var threads = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => (i % 3, Numbers(detector.Detect(pictures[i % 3]))))));
        Assert.All(threads, t => Assert.Equal(expected[t.Item1], t.Item2));
    }

    [Theory]
    [MemberData(nameof(Compositions))]
    public void Its_trained_parts_are_stored_strictly_and_come_back(string name)
    {
        string path = Path.Combine(_folder, "modules.safetensors");
        using var scope = torch.NewDisposeScope();
        using var trained = Build(name);
        using (torch.no_grad())
        {
            int i = 0;
            foreach (var (_, weight) in trained.GetTrainable().TrainedWeights)
            {
                weight.add_(0.1 * torch.randn(weight.shape, generator: new torch.Generator((ulong)++i)));
            }
        }

        trained.GetTrainable().WeightsChanged();
        trained.SaveModules(path);
        using var loaded = Build(name, b => b.WithModuleWeights(path));
        using var fresh = Build(name);
        var picture = ZeroShotDetectorTests.Picture(4);

        Assert.Equal(Numbers(trained.Detect(picture)), Numbers(loaded.Detect(picture)));
        Assert.NotEqual(Numbers(fresh.Detect(picture)), Numbers(loaded.Detect(picture)));
        Assert.Throws<WeightsMismatchException>(() => new ZeroShotDetectorBuilder().UseRandomBackbone(Config, 3).WithImageSize(56)
            .WithoutImageToTextPrompt().WithoutSelfPrompt().WithoutMaskPrompt().UseMultiPatch(new MultiPatchOptions { Projection = PatchProjection.Clip })
                .WithModuleWeights(path).Build());
    }

    [Theory]
    [MemberData(nameof(Compositions))]
    public void It_can_be_trained(string name)
    {
        using var scope = torch.NewDisposeScope();
        using var detector = Build(name);
        var method = detector.GetTrainable();
        foreach (var (_, weight) in method.TrainedWeights)
        {
            weight.requires_grad_(true);
        }

        var masks = torch.zeros(2, 56, 56);
        masks[0, ..20, ..30] = torch.ones(20, 30);
        var batch = new TrainingBatch
        {
            Images = ImageBatch.FromPixels(FakeBackbone.Values(1, ScalarType.Float32, 2, 3, 56, 56)), ClassNames = ["pill", "metal-nut"],
            HasMask = [true, true],
            Labels = torch.tensor(new[] { 1f, 0f }), Masks = masks,
        };
        using var optimizer = new MfpClip.Training.AdamOptimizer(method.Recipe, method.TrainedWeights);
        var losses = new List<double>();
        for (int step = 0; step < 12; step++)
        {
            using var inner = torch.NewDisposeScope();
            var loss = method.Loss(batch, ForwardContext.Default);
            losses.Add(loss.Total.item<float>());
            Assert.Equal(loss.Total.item<float>(), loss.Terms.Sum(t => t.Value), 1e-3 * losses[^1]);
            loss.Total.backward();
            if (step == 0)
            {
                // AdaCLIP's first static text prompt is stored and never used.
                Assert.All(method.TrainedWeights.Where(w => w.Key != "i2tp.static_prompts.0"), w =>
                    Assert.True(w.Value.grad is not null, $"{w.Key} got no gradient"));
            }

            optimizer.Step(1e-3);
            optimizer.ZeroGradients();
            method.WeightsChanged();
        }

        Assert.True(losses[^1] < losses[0], $"the loss went from {losses[0]:g4} to {losses[^1]:g4}");
        Assert.All(losses, l => Assert.True(double.IsFinite(l)));
    }

    [Fact]
    public void A_part_that_is_exchanged_changes_the_result_and_is_described()
    {
        var picture = ZeroShotDetectorTests.Picture(5);
        var results = All.Keys.ToDictionary(n => n, n =>
        {
            using var detector = Build(n);
            return (Result: Numbers(detector.Detect(picture)), detector.Description);
        });

        Assert.All(new[]
        {
            ("AdaCLIP", "AdaCLIP with MFP-CLIP's MPFA"), ("AdaCLIP", "AdaCLIP with MFP-CLIP's SP and MP"), ("AdaCLIP", "AdaCLIP, static only"),
            ("AdaCLIP", "AdaCLIP as published"),
            ("AnomalyCLIP", "AnomalyCLIP with AdaCLIP's encoder and score"), ("AnomalyCLIP", "AnomalyCLIP with MFP-CLIP's prompts"),
            ("AnomalyCLIP", "AnomalyCLIP as published"),
            ("AnomalyCLIP as released", "AnomalyCLIP as published"), ("MFP-CLIP with AnomalyCLIP's prompts", "MFP-CLIP with AdaCLIP's prompts and score"),
        }, p => Assert.NotEqual(results[p.Item1].Result, results[p.Item2].Result));
        Assert.Equal(results["AnomalyCLIP"].Result, results["AnomalyCLIP after AdaCLIP"].Result); // nothing of the first preset stays
        Assert.Equal("AnomalyCLIP (arXiv 2310.18961)", results["AnomalyCLIP"].Description.Method);
        Assert.Equal("AdaCLIP (arXiv 2407.15795)", results["AdaCLIP with MFP-CLIP's MPFA"].Description.Method);
        Assert.Contains(results["AdaCLIP with MFP-CLIP's MPFA"].Description.Stages, s => s.Options.TryGetValue("neighbourhood", out var n) && n == "3 x 3");
        Assert.Contains(results["AdaCLIP"].Description.Stages, s => s.Stage == "prompt templates");
        Assert.DoesNotContain(results["AnomalyCLIP"].Description.Stages, s => s.Stage == "prompt templates"); // it has words of its own
        Assert.Contains(results["MFP-CLIP with AnomalyCLIP's prompts"].Description.Stages, s => s.Component.Contains("AnomalyCLIP", StringComparison.Ordinal));
    }

    [Fact]
    public void Faults_of_presets_are_listed_together_before_anything_is_loaded()
    {
        var anomaly = Assert.Throws<DetectorConfigurationException>(() => new ZeroShotDetectorBuilder().UseBackbone("absent.pt").UseAnomalyClip(
            new() { ContextTokens = 0, DeepDepth = 0, DualPathBlocks = 99, Temperature = 0, SmoothingSigma = -1, AbnormalPrompt = " " }).Build());
        Assert.True(anomaly.Faults.Count >= 7, string.Join("\n", anomaly.Faults));
        var ada = Assert.Throws<DetectorConfigurationException>(() => new ZeroShotDetectorBuilder().UseBackbone("absent.pt").UseAdaClip(
            new() { PromptLength = 0, StaticPrompts = false, DynamicPrompts = false, Clusters = 0, FusionWeight = 2, Tau = 0 }).Build());
        Assert.True(ada.Faults.Count >= 6, string.Join("\n", ada.Faults));
    }

    private static ZeroShotDetector Build(string name, Func<ZeroShotDetectorBuilder, ZeroShotDetectorBuilder>? change = null)
    {
        var builder = new ZeroShotDetectorBuilder().UseRandomBackbone(Config, 3)
            .UseCnn(new ResNetOptions { Architecture = ResNetArchitecture.ResNet18, RandomSeed = 5 }).WithImageSize(56);
        builder = All[name](builder);
        return (change?.Invoke(builder) ?? builder).Build();
    }

    private static float[] Numbers(AnomalyResult result) => [result.Score, .. result.ModelMap.Data];
}
