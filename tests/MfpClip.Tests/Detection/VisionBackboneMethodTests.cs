using MfpClip.Backbones;
using MfpClip.Backbones.Clip;
using MfpClip.Backbones.Cnn;
using MfpClip.Backbones.Dino;
using MfpClip.Detection;
using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Pipeline;

namespace MfpClip.Tests.Detection;

/// <summary>Methods that read no text: on DINOv2, on CLIP's vision tower, on a CNN alone; pictures of several shapes.</summary>
public class VisionBackboneMethodTests
{
    private static readonly DinoConfig Small = new() { Width = 32, Layers = 2, Heads = 2, ImageSize = 56, Registers = 2 };

    private readonly DetectorRegistry _registry = new();

    public VisionBackboneMethodTests()
    {
        _registry.AddMethod(TextFree.About, (NoSettings _) => new TextFree());
        _registry.AddMethod(new("reads-words", "Reads words") { RunsPipeline = false }, (NoSettings _) => new ReadsWords());
    }

    [Fact]
    public void A_method_that_reads_class_words_refuses_a_backbone_without_a_text_tower()
    {
        foreach (string id in new[] { "mfp-clip", "winclip", "april-gan", "anomalyclip", "adaclip" })
        {
            var e = Assert.Throws<DetectorConfigurationException>(() => new ZeroShotDetectorBuilder().UseRandomDinoBackbone(Small).UseMethod(id).Build());

            Assert.Contains("reads class words, but 'random weights' is a DINOv2 without a text tower; give a CLIP model", e.Message);
        }
    }

    [Fact]
    public void The_refusal_names_the_methods_that_need_no_text()
    {
        var recipe = new DetectorRecipe { Method = "reads-words", Backbone = new() { RandomSeed = 3, Dino = Small } };

        var e = Assert.Throws<DetectorConfigurationException>(() => ZeroShotDetectorBuilder.From(recipe, _registry).Build());

        Assert.Contains($"or use a method that needs none: {TextFree.About.Id}.", e.Message);
    }

    [Fact]
    public void Images_of_several_shapes_give_in_a_batch_what_they_give_alone()
    {
        using var detector = new ZeroShotDetectorBuilder().UseRandomDinoBackbone(Small, 3).UseMethod(new TextFree()).WithImageSize(58).WithBatchSize(8).Build();
        ImageInput[] images = [.. new[] { (90, 60), (60, 90), (80, 80), (90, 60), (91, 61) }
            .Select((s, i) => ImageInput.FromPixels(ZeroShotDetectorTests.Picture(i, s.Item1, s.Item2)))];

        var together = detector.DetectBatch(images);

        // The shorter side is 58, the longer int(58 * long / short); then whole patches of 14.
        Assert.Equal([(84, 56), (56, 84), (56, 56), (84, 56), (84, 56)], together.Select(r => (r.ModelMap.Width * 14, r.ModelMap.Height * 14)));
        foreach (var (image, result) in images.Zip(together))
        {
            var alone = detector.Detect(image);
            Assert.Equal(alone.Score, result.Score, 5);
            Assert.All(alone.ModelMap.Data.Zip(result.ModelMap.Data), p => Assert.Equal(p.First, p.Second, 5));
            Assert.Equal((result.ImageWidth, result.ImageHeight), (result.ImageMap!.Width, result.ImageMap.Height));
        }

        Assert.True(together.Select(r => r.Score).Distinct().Count() > 1);
    }

    [Fact]
    public void What_was_cut_off_has_no_map_and_a_region_of_interest_is_kept()
    {
        using var detector = new ZeroShotDetectorBuilder().UseRandomDinoBackbone(Small, 3).UseMethod(new TextFree()).WithImageSize(58).Build();
        var inside = new bool[90 * 60];
        Array.Fill(inside, true, 0, 90 * 20);

        var whole = detector.Detect(ZeroShotDetectorTests.Picture(1));
        var part = detector.Detect(ZeroShotDetectorTests.Picture(1), new() { RegionOfInterest = new(90, 60, inside) });

        // 87 x 58 pixels were left of 90 x 60, of which the model saw 84 x 56: pixels beyond 90 * 84 / 87 = 86.9 and 60 * 56 / 58 = 57.9 were not seen.
        Assert.All(Enumerable.Range(0, 60), y => Assert.Equal(0, whole.ImageMap!.Data[(y * 90) + 87]));
        Assert.All(Enumerable.Range(0, 90), x => Assert.Equal(0, whole.ImageMap!.Data[(58 * 90) + x]));
        Assert.True(whole.ImageMap!.Data[(57 * 90) + 86] > 0);
        Assert.False(detector.Description.CoversWholeImage);
        Assert.All(part.ImageMap!.Data.Skip(90 * 20), v => Assert.Equal(0, v));
        Assert.Contains(part.ImageMap.Data.Take(90 * 20), v => v > 0);
    }

    [Fact]
    public void A_method_that_needs_no_text_runs_on_the_vision_tower_of_a_clip_model()
    {
        using var detector = new ZeroShotDetectorBuilder().UseRandomBackbone(ZeroShotDetectorTests.Config, 3).UseMethod(new TextFree())
            .WithImageSize(56).Build();

        var result = detector.Detect(ZeroShotDetectorTests.Picture(1));

        Assert.InRange(result.Score, 0, 1);
        Assert.Contains(detector.Description.Stages, s => s.Implementation == "clip");
    }

    [Fact]
    public void A_recipe_of_a_DINOv2_detector_builds_the_same_one()
    {
        using var first = new ZeroShotDetectorBuilder().UseRandomDinoBackbone(Small, 3).UseMethod(new TextFree()).WithImageSize(70).Build();

        using var second = ZeroShotDetectorBuilder.From(DetectorRecipe.Parse(first.Recipe.ToJson()), _registry).Build();

        Assert.Equal(Small, first.Recipe.Backbone!.Dino);
        Assert.Equal(first.Description.CompositionHash, second.Description.CompositionHash);
        Assert.Equal(first.Description.WeightsHash, second.Description.WeightsHash);
        Assert.Equal(first.Detect(ZeroShotDetectorTests.Picture(1)).Score, second.Detect(ZeroShotDetectorTests.Picture(1)).Score, 6);
    }

    [Fact]
    public void A_method_may_run_on_a_CNN_alone()
    {
        using var detector = new ZeroShotDetectorBuilder().UseMethod(new CnnOnly())
            .UseCnn(new ResNetOptions { Architecture = ResNetArchitecture.ResNet18, RandomSeed = 5 }).WithImageSize(64).Build();

        var result = detector.Detect(ZeroShotDetectorTests.Picture(1));

        Assert.Equal((8, 8), (result.ModelMap.Width, result.ModelMap.Height)); // layer2: a cell for 8 pixels
        Assert.Null(detector.Recipe.Backbone);
        var e = Assert.Throws<DetectorConfigurationException>(() => new ZeroShotDetectorBuilder().UseMethod(new CnnOnly()).Build());
        Assert.Contains("UseCnn", e.Message);
    }

    [Fact]
    public void Sizes_that_make_no_model_are_refused_with_every_fault()
    {
        var e = Assert.Throws<DetectorConfigurationException>(() => new ZeroShotDetectorBuilder()
            .UseRandomDinoBackbone(Small with { Width = 33, Layers = 0 }).UseMethod(new TextFree()).Build());

        Assert.Contains("no multiple of its 2 heads", e.Message);
        Assert.Contains("number of blocks is 0", e.Message);
    }

    [Fact]
    public void A_hair_thin_image_is_refused_before_it_takes_all_memory()
    {
        using var detector = new ZeroShotDetectorBuilder().UseRandomDinoBackbone(Small, 3).UseMethod(new TextFree()).WithImageSize(56).Build();

        var e = Assert.Throws<ImageDecodeException>(() => detector.Detect(new RgbImage(40_000, 2, new byte[240_000])));

        Assert.Contains("40000 x 2", e.Message);
    }

    private sealed record NoSettings;

    /// <summary>Distance of each patch token from the image's mean token, squashed to [0,1]; the score is the largest.</summary>
    private sealed class TextFree : IDetectionMethod
    {
        public static MethodDescription About { get; } = new("text-free-of-tests", "Text-free") { RunsPipeline = false, NeedsText = false };

        public MethodDescription Description => About;

        public IImagePreprocessor? DefaultPreprocessor(IVisionBackbone? backbone, int imageSize) =>
            new ShorterEdgeResize(imageSize, backbone!.Vision.PatchSize);

        public IDetectionPass CreatePass(MethodContext context) => new TokenPass(context.RequireBackbone());
    }

    private sealed class ReadsWords : IDetectionMethod
    {
        public MethodDescription Description { get; } = new("reads-words", "Reads words") { RunsPipeline = false };
    }

    private sealed class TokenPass(IVisionBackbone backbone) : IDetectionPass
    {
        public string Method => "Text-free";

        public IReadOnlyList<StageDescription> Stages => [backbone.Describe()];

        public Device Device => backbone.Vision.Device;

        public ScalarType Precision => backbone.Vision.Precision;

        public (Tensor Map, Tensor Score) Run(ImageBatch images, string className, Tensor? region, ForwardContext context)
        {
            using var scope = torch.NewDisposeScope();
            var vision = backbone.Vision;
            var tokens = vision.RunBlocks(vision.Embed(images.Normalized(backbone.Normalization, Device)), 0, vision.Layers, context);
            var patches = vision.NormalizeLast(tokens).narrow(1, vision.PrefixTokens, tokens.shape[1] - vision.PrefixTokens);
            var far = (patches - patches.mean([1], keepdim: true)).pow(2).sum(2).sqrt();
            var map = (far / (1 + far)).view(images.Count, images.Height / vision.PatchSize, images.Width / vision.PatchSize);
            return (map.MoveToOuterDisposeScope(), map.amax([1, 2]).MoveToOuterDisposeScope());
        }

        public object? GetService(Type serviceType) => serviceType.IsInstanceOfType(backbone) ? backbone : null;

        public void Dispose() => backbone.Dispose();
    }

    private sealed class CnnOnly : IDetectionMethod
    {
        public MethodDescription Description { get; } = new("cnn-of-tests", "CNN alone")
        {
            RunsPipeline = false, NeedsText = false, NeedsBackbone = false, ReadsCnn = true,
        };

        public IDetectionPass CreatePass(MethodContext context) => new MapPass(context);
    }

    private sealed class MapPass(MethodContext context) : IDetectionPass
    {
        private readonly ICnnFeatureMaps _maps = context.RequireCnnMaps();

        public string Method => "CNN alone";

        public IReadOnlyList<StageDescription> Stages => [context.Cnn!.Describe()];

        public Device Device => _maps.Device;

        public ScalarType Precision => ScalarType.Float32;

        public (Tensor Map, Tensor Score) Run(ImageBatch images, string className, Tensor? region, ForwardContext forward)
        {
            using var scope = torch.NewDisposeScope();
            var map = _maps.ExtractMaps(images.Normalized(_maps.Normalization, Device), ["layer2"])[0].mean([1]).sigmoid();
            return (map.MoveToOuterDisposeScope(), map.amax([1, 2]).MoveToOuterDisposeScope());
        }

        public object? GetService(Type serviceType) => serviceType.IsInstanceOfType(this) ? this : null;

        public void Dispose() => context.Cnn!.Dispose();
    }
}
