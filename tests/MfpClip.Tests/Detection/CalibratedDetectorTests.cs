using MfpClip.Calibration;
using MfpClip.Imaging;
using MfpClip.Methods.WinClip;
using MfpClip.References;

namespace MfpClip.Tests.Detection;

/// <summary>A calibration holds for the detector and the calls that it was made with, whichever way it comes to another.</summary>
public sealed class CalibratedDetectorTests : IDisposable
{
    private static readonly ReferenceOptions Few = new() { TopCells = 4, ClassName = "nut" };

    private static readonly DetectionOptions Nut = new() { ClassName = "nut" };

    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    public static TheoryData<string, string> Foreign => new()
    {
        { "weights", "backbone.weights" }, { "method", "method" }, { "image size", "image_size" }, { "precision", "precision" }, { "scales", "scales" },
        { "module", "mask_prompt.variant" }, { "templates", "templates.templates" }, { "preprocessor", "preprocessing" }, { "decoder", "decoder" },
        { "references", "references" }, { "score", "anomaly_score.strategy" },
    };

    [Theory]
    [MemberData(nameof(Foreign))]
    public void Another_detector_refuses_it_and_says_what_differs(string what, string name)
    {
        ScoreCalibration calibration;
        using (var detector = Builder().Build())
        {
            calibration = Calibrate(detector);
        }

        var other = Changed(what);
        if (what == "references")
        {
            other.WithReferences(Pictures(7, 8), Few);
        }

        // By the builder, and by the detector.
        Refused(name, () => other.WithCalibration(calibration).Build());
        using var built = what == "references" ? Changed(what).WithReferences(Pictures(7, 8), Few).Build() : Changed(what).Build();
        Refused(name, () => built.WithCalibration(calibration));

        // By a file that is loaded for it, and by a recipe with a file.
        string path = Path.Combine(_folder, "c.json");
        CalibrationFile.Save(path, calibration);
        Assert.Equal(calibration, CalibrationFile.Load(path));
        Refused(name, () => CalibrationFile.Load(path, built.Description));
        Assert.Null(built.Calibration);
    }

    [Fact]
    public void The_same_detector_takes_it_on_any_number_of_threads_and_in_any_batches()
    {
        using var detector = Builder().Build();
        var calibration = Calibrate(detector);
        string path = Path.Combine(_folder, "c.json");
        CalibrationFile.Save(path, calibration);
        using var same = Builder().WithBatchSize(1).WithImageLimits(new() { MaximumPixels = 1000 * 1000 }).WithCalibration(CalibrationFile.Load(path)).Build();
        using var again = ZeroShotDetectorBuilder.From(DetectorRecipe.Parse(same.Recipe.ToJson())).Build();

        Assert.Equal(calibration, again.Calibration);
        Assert.NotNull(same.Detect(ZeroShotDetectorTests.Picture(9), Nut).IsAnomalous);
    }

    [Fact]
    public void Refusing_leaves_no_tensor_behind_and_the_detector_as_it_was()
    {
        using var detector = Builder().Build();
        using var other = Changed("image size").Build();
        var calibration = Calibrate(other);
        Calibrate(detector);
        long before = LiveTensors.Settle();

        Assert.Throws<CalibrationException>(() => Builder().WithCalibration(calibration).Build());
        Assert.Throws<CalibrationException>(() => detector.WithCalibration(calibration));

        Assert.Equal(before, LiveTensors.Settle());
        Assert.Null(detector.Detect(ZeroShotDetectorTests.Picture(9), Nut).IsAnomalous);
    }

    [Fact]
    public void References_that_join_or_leave_afterwards_are_refused()
    {
        using var detector = Builder().Build();
        using var calibrated = detector.WithCalibration(Calibrate(detector));
        using var with = detector.WithReferences(Pictures(1, 2, 3), Few);
        using var both = with.WithCalibration(Calibrate(with));
        string file = Path.Combine(_folder, "r.safetensors"), two = Path.Combine(_folder, "two.safetensors");
        with.SaveReferences(file);
        using (var fewer = with.RemoveReferences("picture 1"))
        {
            fewer.SaveReferences(two);
        }

        detector.Detect(Pictures(1)[0]); // what a detector keeps of its class words
        long before = LiveTensors.Settle();
        Refused("references", () => calibrated.WithReferences(Pictures(1, 2), Few));
        Refused("references", () => calibrated.AddReferences(Pictures(1)));
        Refused("references", () => calibrated.WithReferenceFile(file));
        Refused("references", () => both.AddReferences(Pictures(4)));
        Refused("references", () => both.RemoveReferences("picture 2"));
        Refused("references", () => both.WithReferenceFile(two));
        Refused("references.weight", () => both.WithReferenceFile(file, 0.25));
        Assert.Equal(before, LiveTensors.Settle());

        // The same references are the same detector: from the file, from the images in another order, with a copy more.
        using var loaded = both.WithReferenceFile(file);
        using var turned = both.WithReferences(Pictures(3, 1, 2), Few);
        using var copy = both.AddReferences(Pictures(2));
        Assert.All(new[] { loaded, turned, copy }, d => Assert.NotNull(d.Calibration));
    }

    [Fact]
    public void Other_class_words_or_regions_of_a_call_are_refused_and_none_are_those_of_the_calibration()
    {
        using var detector = Builder().Build();
        using var calibrated = detector.WithCalibration(Calibrate(detector));
        var picture = ZeroShotDetectorTests.Picture(9);
        var region = RegionOfInterest.Rectangle(picture.Width, picture.Height, 0, 0, 20, 20);

        Refused("class_words", () => calibrated.Detect(picture, new() { ClassName = "cap" }));
        Refused("class_words", () => calibrated.Detect(picture, new() { ClassName = "object" }));
        Refused("region_of_interest", () => calibrated.Detect(picture, Nut with { RegionOfInterest = region }));
        Refused("class_words", () => calibrated.DetectAsync(One(picture), new() { ClassName = "cap" }).ToBlockingEnumerable().ToList());

        Assert.Equal("nut", calibrated.Detect(picture).ClassName);
        Assert.Equal("nut", calibrated.Detect(picture, new() { MinimumRegionArea = 3 }).ClassName);
        Assert.Equal("object", detector.Detect(picture).ClassName);

        // With the region it was calibrated with, a region is asked for.
        using var inside = detector.WithCalibration(ScoreCalibrator.FromNormalImages(detector, Pictures(1, 2, 3), Nut with { RegionOfInterest = region }));
        Assert.NotNull(inside.Detect(picture, new() { RegionOfInterest = region }).IsAnomalous);
        Refused("region_of_interest", () => inside.Detect(picture));
    }

    [Fact]
    public void A_calibrated_detector_is_not_trained()
    {
        using var detector = Builder().Build();
        using var calibrated = detector.WithCalibration(Calibrate(detector));

        Assert.NotNull(detector.GetTrainable());
        Assert.Throws<CalibrationException>(() => calibrated.GetTrainable());
    }

    [Fact]
    public void An_image_that_is_a_reference_is_compared_with_the_others_only()
    {
        using var detector = Builder().Build();
        using var with = detector.WithReferences(Pictures(1, 2, 3), Few with { Weight = 1, Join = ReferenceJoin.Fixed });
        var leaving = Nut with { LeaveOneOut = true };

        // docs/references.md: with weight 1 and fixed units the score is 1/2 + y / (2 (1 + |y|)), y = 2 (log((d + 0.001) / (d0 + 0.001)) - log 1.5), where d
        // are the distances to the others, known from the summary, and d0 is their median.
        var images = with.References!.Images;
        double usual = images.Select(i => i.Distance).Order().ElementAt(1);
        foreach (var image in images)
        {
            double y = 2 * (Math.Log((image.Distance + 0.001) / (usual + 0.001)) - Math.Log(1.5));
            var result = with.Detect(Pictures(int.Parse(image.Name[^1..]))[0], leaving);
            Assert.Equal(0.5 + (y / (2 * (1 + Math.Abs(y)))), result.Score, 1e-4);
            Assert.Null(result.EqualReference);
        }

        // In a batch with others, which are compared with all.
        var batch = with.DetectBatch([.. Pictures(9, 1, 8)], leaving);
        Assert.Equal(with.Detect(Pictures(9)[0], Nut).Score, batch[0].Score, 1e-5f);
        Assert.Equal(with.Detect(Pictures(1)[0], leaving).Score, batch[1].Score, 1e-5f);

        // Otherwise it is compared with itself, and the result says so: by its pixels, whatever it is called.
        var itself = with.Detect(ImageInput.FromPixels(ZeroShotDetectorTests.Picture(1), "another name"), Nut);
        Assert.True(itself.Score < batch[1].Score);
        Assert.Equal("picture 1", itself.EqualReference);
        Assert.Null(with.Detect(Pictures(9)[0], Nut).EqualReference);
        var error = Assert.Throws<CalibrationException>(() => ScoreCalibrator.FromNormalImages([itself]));
        Assert.Contains("LeaveOneOut", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_only_reference_is_compared_with_the_rest_of_itself()
    {
        using var detector = Builder().Build();
        using var with = detector.WithReferences(Pictures(1), Few with { Weight = 1 });

        double distance = with.References!.Images[0].Distance, y = -2 * Math.Log(1.5); // its own distance is the usual one
        var result = with.Detect(Pictures(1)[0], Nut with { LeaveOneOut = true });

        Assert.True(distance > 0);
        Assert.Equal(0.5 + (y / (2 * (1 + Math.Abs(y)))), result.Score, 1e-4);
    }

    [Fact]
    public void The_references_alone_calibrate()
    {
        using var detector = Builder().Build();
        using var with = detector.WithReferences(Pictures(1, 2, 3), Few);
        var calibration = ScoreCalibrator.FromNormalImages(with, Pictures(1, 2, 3), Nut);
        using var calibrated = with.WithCalibration(calibration);

        var scores = Pictures(1, 2, 3).Select(p => with.Detect(p, Nut with { LeaveOneOut = true }).Score).ToList();
        Assert.True(calibration.ImageThreshold > scores.Max());
        Assert.InRange(calibration.ImageThreshold, 0, 1);
        Assert.Equal(0.25, calibration.FalseAlarms!.Expected, 9);
        Assert.All(Pictures(1, 2, 3), p => Assert.False(calibrated.Detect(p).IsAnomalous));
    }

    [Fact]
    public void Images_that_winclip_stores_are_not_calibrated_with()
    {
        using var detector = Builder().UseWinClip(new WinClipOptions { References = Pictures(1, 2) }).Build();
        using var others = Builder().UseWinClip(new WinClipOptions { References = Pictures(1, 3) }).Build();

        Assert.Throws<CalibrationException>(() => ScoreCalibrator.FromNormalImages(detector, Pictures(2, 4), Nut));
        var calibration = ScoreCalibrator.FromNormalImages(detector, Pictures(4, 5), Nut);
        Refused("reference_memory", () => others.WithCalibration(calibration));
    }

    [SkippableFact]
    public void Normal_images_with_high_scores_get_a_threshold_that_a_score_can_pass()
    {
        var good = Files("calibration-range/good");
        using var detector = new ZeroShotDetectorBuilder().UseRandomBackbone(ZeroShotDetectorTests.Config, 3).UseWinClip().WithImageSize(112).Build();

        var calibration = ScoreCalibrator.FromNormalImages(detector, good);

        Assert.InRange(calibration.ImageThreshold, good.Max(g => detector.Detect(g).Score), 1);
        Assert.InRange(calibration.PixelThreshold, 0, 1);
        Assert.Equal(1, calibration.Calibrate(1));
        Assert.Equal(1.0 / (good.Count + 1), calibration.FalseAlarms!.Expected, 9);
        Assert.Equal(1 - Math.Pow(0.05, 1.0 / good.Count), calibration.FalseAlarms.Upper, 9);
    }

    [SkippableFact]
    public void References_that_are_the_calibration_images_do_not_call_new_normal_images_anomalous()
    {
        var (good, fresh) = (Files("foreign-calibration/good"), Files("foreign-calibration/new"));
        using var detector = Builder().WithImageSize(112).Build();
        using var with = detector.WithReferences(good, Few with { Weight = 1 });
        using var calibrated = with.WithCalibration(ScoreCalibrator.FromNormalImages(with, good, Nut));

        // Compared with themselves the references lie at nothing: far below what is new, and what left-one-out scores say.
        float themselves = good.Max(g => with.Detect(g, Nut).Score), left = good.Max(g => with.Detect(g, Nut with { LeaveOneOut = true }).Score);
        Assert.All(fresh.Where(f => Path.GetFileName(f.Path)!.StartsWith("good", StringComparison.Ordinal)), f =>
        {
            float score = with.Detect(f, Nut).Score;
            Assert.True(score > themselves + (0.1f * (left - themselves)));
        });
        Assert.True(calibrated.Calibration!.ImageThreshold > left);
        Assert.True(left > themselves + 0.1f);
    }

    private static ZeroShotDetectorBuilder Builder() => new ZeroShotDetectorBuilder().UseRandomBackbone(ZeroShotDetectorTests.Config, 3)
        .WithoutImageToTextPrompt().WithoutSelfPrompt().WithImageSize(56);

    private static ZeroShotDetectorBuilder Changed(string what) => what switch
    {
        "weights" => Builder().UseRandomBackbone(ZeroShotDetectorTests.Config, 4),
        "method" => Builder().UseWinClip(),
        "image size" => Builder().WithImageSize(70),
        "precision" => Builder().UsePrecision(ScalarType.BFloat16),
        "scales" => Builder().WithScales(0.5, 1),
        "module" => Builder().WithoutMaskPrompt(),
        "templates" => Builder().WithPromptTemplates(MfpClip.Text.PromptEnsembles.StatesOnly),
        "preprocessor" => Builder().UsePreprocessor(new ResizeAndCenterCrop(56)),
        "decoder" => Builder().UseDecoder(new OtherDecoder()),
        "score" => Builder().UseAnomalyScore(new MfpClip.Modules.Scoring.AnomalyScoreOptions { Strategy = MfpClip.Modules.Scoring.ScoreStrategy.MapMaximum }),
        "references" => Builder(),
        _ => throw new ArgumentOutOfRangeException(nameof(what)),
    };

    private static ScoreCalibration Calibrate(ZeroShotDetector detector) => ScoreCalibrator.FromNormalImages(detector, Pictures(4, 5, 6), Nut);

    private static ImageInput[] Pictures(params int[] seeds) =>
        [.. seeds.Select(s => ImageInput.FromPixels(ZeroShotDetectorTests.Picture(s), $"picture {s}"))];

    private static IReadOnlyList<ImageInput> Files(string folder) =>
        [.. Directory.GetFiles(SharedCases.Folder(folder), "*.png").Order(StringComparer.Ordinal).Select(ImageInput.FromFile)];

    private static async IAsyncEnumerable<ImageInput> One(RgbImage image)
    {
        await Task.Yield();
        yield return image;
    }

    private static void Refused(string name, Func<object?> make)
    {
        var error = Assert.Throws<CalibrationException>(make);
        Assert.Contains(error.Differences, d => d.Name == name);
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }

    private sealed class OtherDecoder : IImageDecoder
    {
        public string Name => "other";

        public RgbImage Decode(ReadOnlyMemory<byte> encoded, string source, ImageLimits limits) => throw new NotSupportedException();
    }
}
