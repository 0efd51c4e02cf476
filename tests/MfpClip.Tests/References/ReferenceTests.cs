using MfpClip.Data;
using MfpClip.Data.Procedural;
using MfpClip.Imaging;
using MfpClip.Methods.WinClip;
using MfpClip.References;
using MfpClip.Tests.Detection;

namespace MfpClip.Tests.References;

/// <summary>Normal images beside a detector, from procedural images.</summary>
public sealed class ReferenceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;
    private static readonly ReferenceOptions Few = new() { TopCells = 4 };

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static ZeroShotDetector Detector() => Builder().Build();

    private static ZeroShotDetectorBuilder Builder() => new ZeroShotDetectorBuilder().UseRandomBackbone(ZeroShotDetectorTests.Config, 3)
        .WithoutImageToTextPrompt().WithoutSelfPrompt().WithImageSize(112);

    private static readonly RgbImage Part = ProceduralDataSet.Render("tile", 1, null, 128).Image;

    /// <summary>The same part before the camera again: moved by a few pixels, with noise.</summary>
    private static RgbImage Photo(int seed)
    {
        var random = new Random(seed);
        int shift = random.Next(4);
        var bytes = new byte[Part.Data.Length];
        for (int i = 0; i < bytes.Length; i++)
        {
            int x = Math.Min((i / 3 % 128) + shift, 127);
            bytes[i] = (byte)Math.Clamp(Part.Data[(((i / 384 * 128) + x) * 3) + (i % 3)] + random.Next(-6, 7), 0, 255);
        }

        return new(128, 128, bytes);
    }

    private static ImageInput Good(int seed) => ImageInput.FromPixels(Photo(seed), $"good {seed}");

    private static ImageInput[] Goods(params int[] seeds) => [.. seeds.Select(Good)];

    private static float[] Map(ZeroShotDetector detector) => detector.Detect(Good(99)).ModelMap.Data;

    [Fact]
    public void What_was_never_seen_on_good_images_stands_out()
    {
        using var detector = Detector();
        using var with = detector.WithReferences(Goods(1, 2, 3, 4), Few with { Weight = 0.8 }); // the map of random weights means nothing
        var photo = Photo(99);
        var bytes = photo.Data.ToArray();
        for (int i = 0; i < 32 * 32; i++)
        {
            int at = (((i / 32) + 48) * 128) + (i % 32) + 48;
            (bytes[3 * at], bytes[(3 * at) + 1], bytes[(3 * at) + 2]) = (i % 2 == 0) ? ((byte)255, (byte)0, (byte)255) : ((byte)0, (byte)255, (byte)0);
        }

        var result = with.Detect(new RgbImage(128, 128, bytes));

        var map = result.ImageMap!.Data;
        double inside = Enumerable.Range(0, 128 * 128).Where(i => i % 128 is >= 52 and < 76 && i / 128 is >= 52 and < 76).Average(i => map[i]);
        double outside = Enumerable.Range(0, 128 * 128).Where(i => i % 128 < 24 || i % 128 >= 104).Average(i => map[i]);
        Assert.True(inside > outside + 0.1, $"{inside:g3} inside, {outside:g3} outside");
        Assert.True(result.Score > with.Detect(photo).Score);
    }

    [Fact]
    public void The_order_of_the_images_does_not_matter()
    {
        using var detector = Detector();
        using var a = detector.WithReferences(Goods(1, 2, 3), Few);
        using var b = detector.WithReferences(Goods(3, 1, 2), Few);

        Assert.Equal(Map(a), Map(b));
        Assert.Equal(a.Description.WeightsHash, b.Description.WeightsHash);
    }

    [Fact]
    public void Adding_and_removing_gives_what_a_fresh_build_gives_and_computes_nothing_again()
    {
        using var detector = Detector();
        using var fresh = detector.WithReferences(Goods(1, 2, 3), Few);
        using var two = detector.WithReferences(Goods(1, 4), Few);
        var computed = new List<int>();
        using var four = two.AddReferences(Goods(2, 3), new ProgressCallback(computed.Add));
        using var three = four.RemoveReferences("good 4");

        Assert.Equal([1, 2], computed);
        Assert.Equal(Map(fresh), Map(three));
        Assert.Equal(fresh.References!.Images, three.References!.Images);
        Assert.Equal(fresh.Description.WeightsHash, three.Description.WeightsHash);
        Assert.NotEqual(Map(fresh), Map(four));
    }

    [Fact]
    public void A_file_brings_back_the_same_detector_and_is_strict()
    {
        string path = Path.Combine(_folder, "references.safetensors");
        using var detector = Detector();
        using var with = detector.WithReferences(Goods(1, 2), Few with { Features = ReferenceFeatures.Tokens, Stages = [2, 4] });
        with.SaveReferences(path);

        using var again = Builder().WithReferenceFile(path).Build();
        Assert.Equal(Map(with), Map(again));
        Assert.Equal(with.References!.Images, again.References!.Images);
        Assert.Equal(with.Description.WeightsHash, again.Description.WeightsHash);

        using var other = new ZeroShotDetectorBuilder().UseRandomBackbone(ZeroShotDetectorTests.Config, 4).WithoutImageToTextPrompt().WithoutSelfPrompt()
            .WithImageSize(112).Build();
        Assert.Contains("other weights", Assert.Throws<WeightsException>(() => other.WithReferenceFile(path)).Message, StringComparison.Ordinal);
        using var larger = Builder().WithImageSize(126).Build();
        Assert.Contains("112 pixels", Assert.Throws<WeightsException>(() => larger.WithReferenceFile(path)).Message, StringComparison.Ordinal);
        byte[] bytes = File.ReadAllBytes(path);
        var random = new Random(2);
        for (int i = 0; i < 60; i++)
        {
            var damaged = i % 2 == 0 ? bytes[..random.Next(bytes.Length)] : (byte[])bytes.Clone();
            if (i % 2 == 1)
            {
                damaged[random.Next(2000)] = (byte)random.Next(256);
            }

            File.WriteAllBytes(path, damaged);
            try
            {
                detector.WithReferenceFile(path).Dispose();
            }
            catch (WeightsException)
            {
                // The typed error is the only one allowed.
            }
        }
    }

    [Fact]
    public void A_full_disk_leaves_the_references_that_were_there()
    {
        using var detector = Detector();
        using var with = detector.WithReferences(Goods(1), Few);

        Assert.Throws<OutputException>(() => with.SaveReferences(Path.Combine(_folder, "absent", "r.safetensors")));
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
        Assert.Contains("none to save", Assert.Throws<ReferenceException>(() => detector.SaveReferences("x")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_image_is_enough_and_the_degradation_is_stated()
    {
        using var detector = Builder().WithReferences(Goods(1), Few).Build();

        Assert.InRange(detector.Detect(Good(99)).Score, 0, 1);
        Assert.Contains("only reference", Assert.Single(detector.References!.Warnings), StringComparison.Ordinal);
        var stage = detector.Description.Stages[^1];
        Assert.Equal("references", stage.Stage);
        Assert.Contains("the rest of itself", stage.Options["scale"], StringComparison.Ordinal);
        Assert.Contains("only reference", stage.Options["warnings"], StringComparison.Ordinal);
    }

    [Fact]
    public void Bad_references_are_named_all_at_once_and_nothing_is_lost()
    {
        using var detector = Detector();
        using var with = detector.WithReferences(Goods(1, 2), Few);
        string text = Path.Combine(_folder, "text.png");
        File.WriteAllText(text, "no picture");
        float[] before = Map(with);

        var e = Assert.Throws<ReferenceException>(() => with.AddReferences([Good(3), text, "absent.png"]));
        Assert.Contains("text.png", e.Message, StringComparison.Ordinal);
        Assert.Contains("absent.png", e.Message, StringComparison.Ordinal);
        Assert.Throws<ReferenceException>(() => detector.WithReferences([]));
        Assert.Throws<ReferenceException>(() => with.RemoveReferences("good 1", "good 2"));
        Assert.Throws<ReferenceException>(() => with.RemoveReferences("unknown"));
        Assert.Throws<ReferenceException>(() => detector.RemoveReferences("good 1"));
        Assert.Contains("no image", Assert.Throws<DetectorConfigurationException>(() => Builder().WithReferences([]).Build()).Message,
            StringComparison.Ordinal);
        Assert.Equal(before, Map(with));
    }

    [Fact]
    public void Every_wrong_option_is_listed()
    {
        var wrong = new ReferenceOptions
        {
            Neighbourhood = 2, CoresetRatio = 0, TopCells = 0, Weight = double.NaN, Stages = [0], MaximumTokens = 1, ClassName = " ",
        };

        Assert.Equal(7, Assert.Throws<DetectorConfigurationException>(() => Builder().WithReferences(Goods(1), wrong).Build()).Faults.Count(
            f => f.StartsWith("References:", StringComparison.Ordinal)));
        using var detector = Detector();
        Assert.Contains("stage 9", Assert.Throws<ReferenceException>(() => detector.WithReferences(Goods(1), new() { Stages = [9] })).Message,
            StringComparison.Ordinal);
        Assert.Contains("no convolutional maps", Assert.Throws<ReferenceException>(() =>
            detector.WithReferences(Goods(1), new() { Features = ReferenceFeatures.Convolutional })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Copies_count_once_another_shape_and_a_stranger_are_told()
    {
        using var detector = Detector();
        var stranger = ImageInput.FromPixels(ZeroShotDetectorTests.Picture(5, 128, 128), "noise");
        var wide = ImageInput.FromPixels(MapImagesWide(), "wide");
        using var with = detector.WithReferences([Good(1), Good(2), Good(3), Good(4), Good(1), stranger, wide], Few);

        Assert.Equal(6, with.References!.Images.Count);
        Assert.Contains(with.References.Warnings, w => w.StartsWith("'noise' stands out", StringComparison.Ordinal));
        Assert.Contains(with.References.Warnings, w => w.Contains("same pixels", StringComparison.Ordinal));
        Assert.Contains(with.References.Warnings, w => w.Contains("another shape", StringComparison.Ordinal));

        static RgbImage MapImagesWide() => MfpClip.Imaging.PillowResize.Resize(Photo(5), 300, 100);
    }

    [Fact]
    public void The_memory_is_bounded()
    {
        using var detector = Detector();
        using var with = detector.WithReferences(Goods(1, 2, 3, 4), Few with { MaximumTokens = 40, CoresetRatio = 1 });

        Assert.Equal(40, with.References!.Tokens);
        Assert.Contains(with.References.Warnings, w => w.Contains("MaximumTokens", StringComparison.Ordinal));
    }

    private static ZeroShotDetectorBuilder WinClip(WinClipOptions? options = null) =>
        new ZeroShotDetectorBuilder().UseRandomBackbone(ZeroShotDetectorTests.Config, 3).UseWinClip(options).WithImageSize(112);

    [Fact]
    public void WinClip_with_references_is_winclip_plus_however_they_came_together()
    {
        string file = Path.Combine(_folder, "r.safetensors");
        using var expected = WinClip(new() { References = Goods(1, 2, 3) }).Build();
        using var alone = WinClip().Build();
        using var at_once = alone.WithReferences(Goods(1, 2, 3));
        using var two = alone.WithReferences(Goods(1, 4));
        using var more = two.AddReferences(Goods(2, 3));
        using var fewer = more.RemoveReferences("good 4");
        at_once.SaveReferences(file);
        using var loaded = alone.WithReferenceFile(file);

        var right = expected.Detect(Good(99));
        Assert.NotEqual(alone.Detect(Good(99)).Score, right.Score);
        foreach (var detector in new[] { at_once, fewer, loaded })
        {
            var result = detector.Detect(Good(99));
            Assert.Equal(right.Score, result.Score, 1e-5f);
            Assert.All(right.ModelMap.Data.Zip(result.ModelMap.Data), p => Assert.Equal(p.First, p.Second, 1e-5f));
            Assert.Equal("WinCLIP+ (arXiv 2303.14814)", detector.Description.Method);
        }

        Assert.Equal(["good 1", "good 2", "good 3"], ReferenceFile.Read(file).Summary.Images.Select(i => i.Name).Order());
    }

    [Fact]
    public void A_reference_of_winclip_plus_is_left_out_of_its_own_comparison()
    {
        using var all = WinClip().Build().WithReferences(Goods(1, 2, 3));
        using var others = WinClip(new() { References = Goods(1, 3) }).Build();
        using var one = WinClip().Build().WithReferences(Goods(1));

        var left = all.DetectBatch(Goods(2, 99), new() { LeaveOneOut = true });

        Assert.Equal(others.Detect(Good(2)).Score, left[0].Score, 1e-5f);
        Assert.Equal(all.Detect(Good(99)).Score, left[1].Score, 1e-5f);
        Assert.Throws<ReferenceException>(() => one.Detect(Good(1), new() { LeaveOneOut = true }));
    }

    [Fact]
    public void References_of_one_method_are_not_read_by_another()
    {
        string file = Path.Combine(_folder, "r.safetensors");
        using var winclip = WinClip().Build();
        using var stored = winclip.WithReferences(Goods(1, 2));
        stored.SaveReferences(file);
        using var mfp = Builder().Build();

        var e = Assert.Throws<WeightsException>(() => mfp.WithReferenceFile(file));
        Assert.Contains("stored for WinCLIP", e.Message, StringComparison.Ordinal);
        var options = Assert.Throws<DetectorConfigurationException>(() => winclip.WithReferences(Goods(1), new() { Weight = 0.5 }));
        Assert.Contains("joins them in its own way", options.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Thousands_of_references_hold_no_more_tokens_than_asked_for()
    {
        using var detector = Detector();
        detector.Detect(Good(99)); // what it keeps of class words is there from now on
        long before = LiveTensors.Settle();
        using (var with = detector.WithReferences([.. Enumerable.Range(0, 120).Select(i => Good(1000 + i))], Few with { MaximumTokens = 480 }))
        {
            Assert.InRange(with.References!.Images.Count, 100, 120);
            Assert.InRange(with.References.Tokens, 240, 480);
            Assert.True(with.Detect(Good(99)).Score < 0.6, "a normal image is not usual");
        }

        Assert.Equal(before, torch.Tensor.TotalCount);
    }

    [Fact]
    public void A_map_that_is_a_sum_over_stages_joins_as_their_mean_does()
    {
        // The sum is the mean times the number of stages; above 1 it would have no odds.
        float[] Joint(bool sum)
        {
            using var detector = new ZeroShotDetectorBuilder().UseRandomBackbone(ZeroShotDetectorTests.Config, 3).UseAprilGan(new() { SumOfLayers = sum })
                .WithImageSize(112).WithReferences(Goods(1, 2), Few with { Weight = 0.3 }).Build();
            return detector.Detect(Good(99)).ModelMap.Data;
        }

        var (sum, mean) = (Joint(true), Joint(false));
        Assert.True(mean.Max() - mean.Min() > 0.05, "the map says nothing");
        Assert.All(sum.Zip(mean), p => Assert.Equal(p.Second, p.First, 1e-4f));
    }

    [Fact]
    public void Detectors_share_weights_and_go_in_any_order()
    {
        long before = LiveTensors.Settle();
        var detector = Detector();
        var with = detector.WithReferences(Goods(1, 2), Few);
        var calibrated = with.WithCalibration(new() { ImageThreshold = 0.5f, PixelThreshold = 0.5f, MinimumScore = 0, MaximumScore = 1, Strategy = "manual" });
        float score = with.Detect(Good(99)).Score;
        detector.Dispose();
        Assert.Equal(score, with.Detect(Good(99)).Score);
        with.Dispose();
        Assert.Equal(score, calibrated.Detect(Good(99)).Score);
        Assert.NotNull(calibrated.Detect(Good(99)).IsAnomalous);
        Assert.Throws<ObjectDisposedException>(() => with.Detect(Good(99)));
        Assert.Throws<ObjectDisposedException>(() => detector.WithReferences(Goods(1)));
        calibrated.Dispose();
        Assert.Equal(before, LiveTensors.Settle());
    }

    [Fact]
    public void Concurrent_callers_get_equal_results_and_tensors_stay_flat()
    {
        using var detector = Detector();
        using var with = detector.WithReferences(Goods(1, 2), Few);
        float[] expected = Map(with);
        long before = LiveTensors.Settle();

        Parallel.For(0, 64, new ParallelOptions { MaxDegreeOfParallelism = 8 }, _ => Assert.Equal(expected, Map(with)));

        Assert.Equal(before, torch.Tensor.TotalCount);
    }

    [Fact]
    public void Outside_the_region_of_interest_nothing_counts()
    {
        using var detector = Detector();
        using var with = detector.WithReferences(Goods(1, 2), Few);
        var region = RegionOfInterest.Rectangle(128, 128, 0, 0, 64, 128);

        var result = with.Detect(Good(99), new() { RegionOfInterest = region });

        Assert.All(Enumerable.Range(0, 112 * 112).Where(i => i % 112 >= 60), i => Assert.Equal(0, result.ModelMap.Data[i]));
    }

    [Fact]
    public void Cancelling_leaves_nothing_behind()
    {
        using var detector = Detector();
        Map(detector); // what a detector keeps from its first call on
        long before = LiveTensors.Settle();
        using var cancel = new CancellationTokenSource();

        Assert.ThrowsAny<OperationCanceledException>(
            () => detector.WithReferences(Goods(1, 2, 3), Few, new ProgressCallback(n => cancel.Cancel()), cancel.Token));

        Assert.Equal(before, torch.Tensor.TotalCount);
    }

    private sealed class ProgressCallback(Action<int> tell) : IProgress<int>
    {
        public void Report(int value) => tell(value);
    }
}
