using MfpClip.Calibration;

namespace MfpClip.Tests.Calibration;

/// <summary>Thresholds that a score can pass, the calibrated scale, and what to expect of them.</summary>
public sealed class ScoreCalibrationTests
{
    [Fact]
    public void A_threshold_lies_in_the_range_of_scores_and_above_every_normal_one()
    {
        var random = new Random(3);
        for (int run = 0; run < 500; run++)
        {
            // Up to a hair below 1, of one to thirty images.
            var scores = Enumerable.Range(0, 1 + random.Next(30))
                .Select(_ => run % 3 == 0 ? 1 - (float)Math.Pow(10, -random.Next(1, 8)) : random.NextSingle()).ToArray();
            var calibration = ScoreCalibrator.FromNormalImages([.. scores.Select(s => Result(s))]);

            Assert.InRange(calibration.ImageThreshold, float.BitIncrement(0), 1);
            Assert.InRange(calibration.PixelThreshold, float.BitIncrement(0), 1);
            Assert.All(scores, s => Assert.False(calibration.IsAnomalous(s)));
            Assert.All(scores, s => Assert.True(calibration.Calibrate(s) < 0.5f));
        }
    }

    [Theory]
    [InlineData(0.2f, 0.5f, 0.98f, 0.982f)] // half of the deviation 0.3 would be 1.13: a tenth of the 0.02 that are left
    [InlineData(0.2f, 0.3f, 0.4f, 0.45f)] // half of the deviation 0.1
    [InlineData(0.3f, 0.3f, 0.3f, 0.3001f)] // no deviation
    [InlineData(0.06f, 0.061f, 0.98f, 0.9805f)] // one odd image does not widen the margin
    public void The_margin_is_half_of_the_median_deviation_or_a_tenth_of_what_is_left(float a, float b, float c, float threshold) =>
        Assert.Equal(threshold, ScoreCalibrator.FromNormalImages([Result(a), Result(b), Result(c)]).ImageThreshold, 1e-6f);

    [Theory]
    [InlineData(0.1f, 0.2f, 0.3f)]
    [InlineData(0.97f, 0.98f, 0.99f)]
    [InlineData(0f, 0f, 0f)]
    [InlineData(0.001f, 0.5f, 0.999f)]
    [InlineData(0.2f, 0.4f, 1f)]
    public void The_calibrated_score_rises_from_0_at_0_over_a_half_at_the_threshold_to_1_at_1(float a, float b, float c)
    {
        var calibration = ScoreCalibrator.FromNormalImages([Result(a), Result(b), Result(c)]);

        Assert.Equal(0, calibration.Calibrate(0));
        Assert.Equal(0.5f, calibration.Calibrate(calibration.ImageThreshold));
        Assert.Equal(1, calibration.Calibrate(1));
        var values = Enumerable.Range(0, 1001).Select(i => calibration.Calibrate(i / 1000f)).ToList();
        Assert.All(values.Zip(values.Skip(1)), p => Assert.True(p.Second > p.First));

        // By hand: half-way to the threshold lies 1/4.
        Assert.Equal(0.25f, calibration.Calibrate(calibration.ImageThreshold / 2), 1e-6f);
    }

    [Fact]
    public void A_normal_image_of_the_highest_score_is_said()
    {
        var calibration = ScoreCalibrator.FromNormalImages([Result(0.2f), Result(0.4f), Result(1f)]);
        var quiet = ScoreCalibrator.FromNormalImages([Result(0.2f), Result(0.4f), Result(0.9f)], description: Detector("a"));

        Assert.True(calibration.IsAnomalous(1));
        Assert.Equal((1, 3), (calibration.FalseAlarms!.Count, calibration.FalseAlarms.Images));
        Assert.Contains(calibration.Notices, n => n.StartsWith("1 of 3 normal images have the highest possible score", StringComparison.Ordinal));
        Assert.Contains(calibration.Notices, n => n.Contains("the map reaches its highest possible value", StringComparison.Ordinal));
        Assert.Empty(quiet.Notices);
    }

    /// <summary>Clopper-Pearson by bisection of the binomial sum in Python; for none and all the one-sided bound of 95 %, a closed form.</summary>
    [Theory]
    [InlineData(1, 10, 2.0 / 11, 0.002528579, 0.445016117)]
    [InlineData(3, 20, 4.0 / 21, 0.032070937, 0.378926827)]
    [InlineData(50, 1000, 51.0 / 1001, 0.037335398, 0.065390488)]
    [InlineData(0, 4, 1.0 / 5, 0, 0.527129199)] // 1 - 0.05^(1/4)
    [InlineData(0, 300, 1.0 / 301, 0, 0.009936183)]
    [InlineData(3, 3, 1, 0.368403150, 1)] // 0.05^(1/3)
    public void What_to_expect_is_exact(int count, int images, double expected, double lower, double upper)
    {
        var estimate = RateEstimate.Of(count, images);

        Assert.Equal(expected, estimate.Expected, 1e-9);
        Assert.Equal(lower, estimate.Lower, 1e-6);
        Assert.Equal(upper, estimate.Upper, 1e-6);
    }

    [Fact]
    public void As_many_later_images_are_called_anomalous_as_is_expected()
    {
        // Scores that are even in (0, 1): of nine normal images the next one lies above all in one of ten draws. Without spread and margin it is exact.
        var random = new Random(5);
        int alarms = 0, draws = 20000;
        for (int i = 0; i < draws; i++)
        {
            var scores = Enumerable.Range(0, 9).Select(_ => (float)(0.5 + (1e-7 * random.Next(1_000_000)))).ToList();
            var calibration = ScoreCalibrator.FromNormalImages([.. scores.Select(s => Result(s))], 0.112); // at most one of nine
            alarms += calibration.IsAnomalous((float)(0.5 + (1e-7 * random.Next(1_000_000)))) ? 1 : 0;
        }

        // Half-way between the two highest: between 1/10 (above all) and 2/10 (above all but one), the expected rate of one among nine.
        Assert.InRange((double)alarms / draws, 0.1, RateEstimate.Of(1, 9).Expected);
    }

    [Fact]
    public void Labelled_images_give_both_rates()
    {
        var calibration = ScoreCalibrator.FromLabelledImages(
            [Result(.1f), Result(.2f), Result(.55f)], [Result(.4f), Result(.5f), Result(.6f), Result(.15f)]);

        // By hand, F1 at .15: 8/10, .2: 6/9, .4: 6/8, .5: 4/7, .55: 2/6: the first, half-way to .1.
        Assert.Equal(0.125f, calibration.ImageThreshold, 1e-6f);
        Assert.Equal((2, 3), (calibration.FalseAlarms!.Count, calibration.FalseAlarms.Images));
        Assert.Equal((0, 4), (calibration.Misses!.Count, calibration.Misses.Images));
    }

    [Fact]
    public void Scores_outside_their_range_are_refused()
    {
        var error = Assert.Throws<CalibrationException>(() => ScoreCalibrator.FromNormalImages([Result(1.5f)]));
        Assert.Contains("from 0 to 1", error.Message, StringComparison.Ordinal);

        // A sum of maps says how high it goes.
        var calibration = ScoreCalibrator.FromNormalImages([Result(1.5f), Result(2f)], 0, Detector("a") with { MapMaximum = 4 });
        Assert.InRange(calibration.ImageThreshold, 2.01f, 4);
        Assert.Equal(1, calibration.Calibrate(4));
    }

    [Fact]
    public void Results_of_different_detectors_class_words_or_regions_are_not_mixed()
    {
        var options = new DetectionOptions { ClassName = "nut" };
        var (a, b) = (ScoreIdentity.Of(Detector("a")), ScoreIdentity.Of(Detector("b")));
        RegionOfInterest left = RegionOfInterest.Rectangle(4, 4, 0, 0, 2, 4), right = RegionOfInterest.Rectangle(4, 4, 2, 0, 2, 4);
        AnomalyResult Of(ScoreIdentity detector, DetectionOptions o) => Result(.1f) with { ClassName = o.ClassName, Identity = detector.With(o) };

        var detectors = Assert.Throws<CalibrationException>(() => ScoreCalibrator.FromNormalImages([Of(a, options), Of(b, options)]));
        Assert.Equal("method", Assert.Single(detectors.Differences).Name);
        Assert.Throws<CalibrationException>(() => ScoreCalibrator.FromNormalImages([Of(a, options), Of(a, options with { ClassName = "cap" })]));
        Assert.Throws<CalibrationException>(() => ScoreCalibrator.FromNormalImages([Of(a, options), Of(a, options with { RegionOfInterest = left })]));
        Assert.Throws<CalibrationException>(() => ScoreCalibrator.FromNormalImages([Of(a, options)], 0, Detector("b")));

        // A region of its own for each image is one way of detecting; no region is another.
        var calibration = ScoreCalibrator.FromNormalImages(
            [Of(a, options with { RegionOfInterest = left }), Of(a, options with { RegionOfInterest = right })]);
        Assert.Equal(left.Height, CalibrationCheck.Call(calibration, options with { RegionOfInterest = left }).RegionOfInterest!.Height);
        Assert.Equal("region_of_interest", Assert.Single(
            Assert.Throws<CalibrationException>(() => CalibrationCheck.Call(calibration, options)).Differences).Name);
    }

    [Fact]
    public void An_identity_names_what_differs_and_ignores_device_and_case_of_words()
    {
        var detector = Detector("a") with
        {
            Stages =
            [
                new()
                {
                    Id = "mask_prompt", Implementation = "mask-prompt", Settings = "{\"heads\":2,\"deep\":{\"x\":[1,2]}}", Stage = "mask prompt",
                    Component = "c", Weights = [new("file", new string('a', 64), 3)],
                },
            ],
        };
        var identity = ScoreIdentity.Of(detector);
        IReadOnlyList<string> Differences(DetectorDescription other) => [.. identity.DifferencesFrom(ScoreIdentity.Of(other)).Select(d => d.ToString())];
        DetectorDescription Stage(Func<StageDescription, StageDescription> change) => detector with { Stages = [change(detector.Stages[0])] };

        Assert.Empty(Differences(detector with { Device = "cuda:1", LibraryVersion = "9" }));
        Assert.Empty(Differences(Stage(s => s with { Component = "other words for people", Weights = [s.Weights[0] with { Source = "other file" }] })));
        Assert.Equal(["precision: calibration has float32, the detector has bfloat16"], Differences(detector with { Precision = "BFloat16" }));
        Assert.Equal(["mask_prompt.deep.x: calibration has [1,2], the detector has [1,3]"],
            Differences(Stage(s => s with { Settings = "{\"heads\":2,\"deep\":{\"x\":[1,3]}}" })));
        Assert.Equal(["mask_prompt.weights: calibration has aaaaaaaaaaaaaaaa, the detector has bbbbbbbbbbbbbbbb"],
            Differences(Stage(s => s with { Weights = [s.Weights[0] with { Sha256 = new string('b', 64) }] })));
        Assert.Equal(["mask_prompt: calibration has mask-prompt, the detector has none"], Differences(detector with { Stages = [] }));
        Assert.Empty(identity.With(new() { ClassName = " Metal  nut" }).DifferencesFrom(identity.With(new() { ClassName = "metal nut" })));
        Assert.Empty(identity.With(new() { ClassName = "metal_nut" }).DifferencesFrom(identity.With(new() { ClassName = "metal nut" })));
        Assert.Single(identity.With(new() { ClassName = "metal nut" }).DifferencesFrom(identity.With(new() { ClassName = "metal cap" })));
    }

    private static DetectorDescription Detector(string method) => new()
    {
        Method = method, Stages = [], Device = "cpu", Precision = "Float32", ImageSize = 32, LibraryVersion = "1", WeightsHash = new string('c', 64),
    };

    private static AnomalyResult Result(float score) => new()
    {
        ImageName = "x", ClassName = "object", Score = score, ModelMap = new(1, 1, [score]), ImageWidth = 1, ImageHeight = 1,
        PixelThreshold = 0.5f, Timings = new(),
    };
}
