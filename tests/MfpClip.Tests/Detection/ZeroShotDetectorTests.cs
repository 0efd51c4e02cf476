using MfpClip.Backbones.Clip;
using MfpClip.Backbones.Cnn;
using MfpClip.Data.Procedural.Canvas;
using MfpClip.Kernels;
using MfpClip.Modules.ImageToText;
using MfpClip.Modules.Mask;
using MfpClip.Modules.MultiPatch;
using MfpClip.Modules.Scoring;
using MfpClip.Modules.Self;

namespace MfpClip.Tests.Detection;

public sealed class ZeroShotDetectorTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    internal static ClipConfig Config { get; } = new()
    {
        EmbedDim = 16,
        Activation = MlpActivation.QuickGelu,
        Vision = new() { ImageSize = 28, PatchSize = 14, Width = 32, Layers = 4, Heads = 2 },
        Text = new() { VocabSize = 49408, Width = 16, Layers = 2, Heads = 2 },
    };

    internal static ZeroShotDetectorBuilder Builder() => new ZeroShotDetectorBuilder()
        .UseRandomBackbone(Config, 3).UseCnn(new ResNetOptions { Architecture = ResNetArchitecture.ResNet18, RandomSeed = 5 }).WithImageSize(56);

    internal static RgbImage Picture(int seed, int width = 90, int height = 60)
    {
        var bytes = new byte[width * height * 3];
        new Random(seed).NextBytes(bytes);
        return new(width, height, bytes);
    }

    [Fact]
    public void A_result_has_maps_at_both_resolutions_and_regions_above_the_threshold()
    {
        using var detector = Builder().Build();

        var result = detector.Detect(Picture(1), new() { PixelThreshold = 0.4f });

        Assert.InRange(result.Score, 0, 1);
        Assert.Equal((56, 56), (result.ModelMap.Width, result.ModelMap.Height));
        Assert.Equal((90, 60), (result.ImageMap!.Width, result.ImageMap.Height));
        Assert.Equal((90, 60), (result.ImageWidth, result.ImageHeight));
        Assert.Equal(result.ImageMap.Data.Count(v => v >= 0.4f), result.Regions.Sum(r => r.Area));
        Assert.Null(result.IsAnomalous);
        Assert.Contains("vision tower", result.Timings.ForwardStages.Keys);
    }

    [Fact]
    public async Task Every_way_in_gives_the_same_result()
    {
        using var detector = Builder().Build();
        var picture = Picture(1);
        string path = Path.Combine(_folder, "a.png");
        using (var bitmap = new SkiaSharp.SKBitmap(picture.Width, picture.Height))
        {
            for (int i = 0; i < picture.Width * picture.Height; i++)
            {
                bitmap.SetPixel(i % picture.Width, i / picture.Width, new(picture.Data[3 * i], picture.Data[(3 * i) + 1], picture.Data[(3 * i) + 2]));
            }

            using var data = bitmap.Encode(SkiaSharp.SKEncodedImageFormat.Png, 100);
            File.WriteAllBytes(path, data.ToArray());
        }

        float expected = detector.Detect(picture).Score;
        using var stream = File.OpenRead(path);
        var streamed = new List<AnomalyResult>();
        await foreach (var result in detector.DetectAsync(Ten(path)))
        {
            streamed.Add(result);
        }

        Assert.Equal(expected, detector.Detect(path).Score, 1e-5f);
        Assert.Equal(expected, detector.Detect(ImageInput.FromStream(stream)).Score, 1e-5f);
        Assert.Equal(expected, detector.Detect(ImageInput.FromBytes(File.ReadAllBytes(path))).Score, 1e-5f);
        Assert.Equal(expected, detector.DetectBatch([Picture(2), picture, Picture(3), Picture(4), Picture(5), Picture(6)])[1].Score, 1e-4f);
        Assert.Equal(10, streamed.Count);
        Assert.All(streamed, r => Assert.Equal(expected, r.Score, 1e-4f));
    }

    [Fact]
    public void Eight_threads_get_what_one_gets()
    {
        using var detector = Builder().Build();
        var pictures = Enumerable.Range(0, 6).Select(i => Picture(i)).ToArray();
        var expected = pictures.Select(p => detector.Detect(p)).ToArray();
        var failures = new System.Collections.Concurrent.ConcurrentQueue<string>();

        var threads = Enumerable.Range(0, 8).Select(t => new Thread(() =>
        {
            for (int i = 0; i < 12; i++)
            {
                int k = (i + t) % 6;
                var result = detector.Detect(pictures[k], new() { ClassName = i % 3 == 0 ? "object" : "object " });
                if (Math.Abs(result.Score - expected[k].Score) > 1e-5 || result.ModelMap.Data.Zip(expected[k].ModelMap.Data)
                    .Any(p => Math.Abs(p.First - p.Second) > 1e-5))
                {
                    failures.Enqueue($"thread {t}, image {k}: {result.Score} instead of {expected[k].Score}");
                }
            }
        })).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());

        Assert.Empty(failures);
    }

    [Fact]
    public void A_pass_that_cannot_be_made_around_a_detector_leaves_no_tensor_behind()
    {
        long start = LiveTensors.Settle();
        using (var detector = Builder().Build())
        {
            Assert.Throws<InvalidOperationException>(() => detector.WithPass(_ => throw new InvalidOperationException("no pass")));
            Assert.Throws<ArgumentException>(() => detector.WithPass(_ => null!));
        }

        Assert.Equal(start, torch.Tensor.TotalCount);
    }

    [Fact]
    public void Live_tensors_stay_flat_over_two_hundred_calls_and_go_with_the_detector()
    {
        long start = LiveTensors.Settle();
        using (var detector = Builder().Build())
        {
            detector.Detect(Picture(1));
            long before = LiveTensors.Settle();
            for (int i = 0; i < 200; i++)
            {
                detector.Detect(Picture(i % 3));
            }

            Assert.Equal(before, torch.Tensor.TotalCount);
        }

        Assert.Equal(start, torch.Tensor.TotalCount);
    }

    [Fact]
    public void What_smoothing_keeps_for_later_calls_goes_with_the_detector()
    {
        long start = LiveTensors.Settle();
        using (var detector = Builder().UseAnomalyMap(new AnomalyMapOptions { SmoothingSigma = 2 }).WithScales(0.5, 1).Build())
        {
            detector.Detect(Picture(1));
            long before = LiveTensors.Settle();
            detector.Detect(Picture(2));
            Assert.Equal(before, torch.Tensor.TotalCount);
        }

        Assert.Equal(start, torch.Tensor.TotalCount);
    }

    [Fact]
    public void Build_lists_every_fault_at_once()
    {
        var builder = new ZeroShotDetectorBuilder()
            .UseSelfPrompt(new SelfPromptOptions { AdapterCount = 0 }).UseMultiPatch(new MultiPatchOptions { Neighbourhood = 2 })
            .WithBatchSize(0).WithPromptTemplates(new() { Templates = ["a photo"] }).UseDevice("tpu");

        var e = Assert.Throws<DetectorConfigurationException>(() => builder.Build());

        foreach (string part in new[] { "no backbone", "Neighbourhood", "AdapterCount", "batch size", "[state]", "'tpu'", "no CNN" })
        {
            Assert.Contains(e.Faults, f => f.Contains(part, StringComparison.Ordinal));
        }

        Assert.Throws<InvalidOperationException>(() => builder.WithBatchSize(2));
    }

    [Fact]
    public void A_failed_build_leaves_no_tensors()
    {
        long before = LiveTensors.Settle();

        Assert.Throws<DetectorConfigurationException>(() => Builder().WithImageSize(57).Build());

        Assert.Equal(before, torch.Tensor.TotalCount);
    }

    [Fact]
    public void Modules_switched_off_leave_the_description_and_the_cnn()
    {
        using var detector = new ZeroShotDetectorBuilder().UseRandomBackbone(Config, 3).WithImageSize(56)
            .WithoutImageToTextPrompt().WithoutSelfPrompt().WithoutMaskPrompt().WithoutMultiPatch().Build();

        Assert.InRange(detector.Detect(Picture(1)).Score, 0, 1);
        Assert.Equal(3, detector.Description.Stages.Count(s => s.Component == "off"));
        Assert.DoesNotContain(detector.Description.Stages, s => s.Stage == "CNN features");
    }

    [Fact]
    public void Trained_modules_go_through_a_file_and_belong_to_their_backbone()
    {
        string path = Path.Combine(_folder, "modules.safetensors");
        float score;
        using (var trained = Builder().UseImageToTextPrompt(new ImageToTextPromptOptions { Seed = 99 }).Build())
        {
            score = trained.Detect(Picture(1)).Score;
            trained.SaveModules(path);
        }

        using var loaded = Builder().WithModuleWeights(path).Build();
        using var untrained = Builder().Build();
        Assert.Equal(score, loaded.Detect(Picture(1)).Score);
        Assert.NotEqual(score, untrained.Detect(Picture(1)).Score);
        Assert.NotEqual(loaded.Description.WeightsHash, untrained.Description.WeightsHash);
        Assert.Contains("another backbone", Assert.Throws<WeightsException>(() => Builder().UseRandomBackbone(Config, 4).WithModuleWeights(path)
            .Build()).Message, StringComparison.Ordinal);
        Assert.Throws<WeightsMismatchException>(
            () => Builder().UseMaskPrompt(new MaskPromptOptions { Variant = MaskPromptVariant.Off }).WithModuleWeights(path).Build());
    }

    [Fact]
    public void Outside_the_region_of_interest_nothing_counts()
    {
        using var detector = Builder().Build();
        var region = RegionOfInterest.Rectangle(90, 60, 10, 10, 20, 15);

        var result = detector.Detect(Picture(1), new() { RegionOfInterest = region, PixelThreshold = 0.01f });

        Assert.All(Enumerable.Range(0, 90 * 60).Where(i => !region.Inside[i]), i => Assert.Equal(0, result.ImageMap!.Data[i]));
        Assert.All(result.Regions, r => Assert.True(r.X >= 10 && r.Y >= 10 && r.X + r.Width <= 30 && r.Y + r.Height <= 25));
        Assert.Throws<DetectionOptionsException>(() => detector.Detect(Picture(1, 80, 60), new() { RegionOfInterest = region }));
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    public void An_unusable_class_name_is_a_typed_error(string name)
    {
        using var detector = Builder().Build();

        Assert.Throws<DetectionOptionsException>(() => detector.Detect(Picture(1), new() { ClassName = name }));
        Assert.Contains("longer than", Assert.Throws<DetectionOptionsException>(() =>
            detector.Detect(Picture(1), new() { ClassName = string.Join(' ', Enumerable.Repeat("word", 90)) })).Message, StringComparison.Ordinal);
        Assert.InRange(detector.Detect(Picture(1), new() { ClassName = "metal nut" }).Score, 0, 1);
    }

    [Fact]
    public void Cancelling_and_disposing_are_noticed()
    {
        var detector = Builder().Build();
        Assert.ThrowsAny<OperationCanceledException>(() => detector.Detect(Picture(1), cancellationToken: new CancellationToken(true)));
        Assert.InRange(detector.Detect(Picture(1)).Score, 0, 1);
        detector.Dispose();
        detector.Dispose();
        Assert.Throws<ObjectDisposedException>(() => detector.Detect(Picture(1)));
    }

    [Fact]
    public void A_calibration_gives_a_decision()
    {
        float raw;
        using (var plain = Builder().Build())
        {
            raw = plain.Detect(Picture(1)).Score;
        }

        using var detector = Builder()
            .WithCalibration(new() { ImageThreshold = raw - 0.01f, PixelThreshold = 0.2f, MinimumScore = 0, MaximumScore = 1, Strategy = "test" }).Build();
        var result = detector.Detect(Picture(1));

        Assert.True(result.IsAnomalous);
        Assert.True(result.CalibratedScore > 0.5f);
        Assert.Equal(0.2f, result.PixelThreshold);
    }

    private static async IAsyncEnumerable<ImageInput> Ten(string path)
    {
        for (int i = 0; i < 10; i++)
        {
            await Task.Yield();
            yield return path;
        }
    }
}
