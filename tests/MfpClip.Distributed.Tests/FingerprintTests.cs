namespace MfpClip.Distributed.Tests;

/// <summary>What decides a result has a part in the key, and nothing else has.</summary>
public sealed class FingerprintTests
{
    [Fact]
    public void Whatever_decides_the_result_changes_the_key()
    {
        var item = Photos.Item(1);
        var detector = item.Detector;
        WorkItem[] others =
        [
            item with { ImageSha256 = new string('1', 64) }, item with { ClassName = "nut" }, item with { Detector = detector with { RecipeHash = "x" } },
            item with { Detector = detector with { WeightsHash = "x" } }, item with { Detector = detector with { CalibrationHash = "x" } },
        ];

        Assert.Equal(others.Length + 1, others.Append(item).Select(i => i.Key).Distinct().Count());
        Assert.Equal(item.Key, (item with { Job = "other", Index = 77, Image = new("https://host/copy.png") }).Key);
        Assert.Equal(4, others.Append(item).Select(i => i.Detector.Route).Distinct().Count());
    }

    [Fact]
    public void Recipe_and_calibration_of_a_detector_count()
    {
        var calibration = new ScoreCalibration { ImageThreshold = 0.5f, PixelThreshold = 0.5f, MinimumScore = 0, MaximumScore = 1, Strategy = "by hand" };
        var plain = DetectorFingerprint.Of(new BrightnessDetector());

        Assert.Equal(plain, DetectorFingerprint.Of(new BrightnessDetector(TimeSpan.FromSeconds(1))));
        Assert.Equal(["recipe"], Names(DetectorFingerprint.Of(new BrightnessDetector(recipe: "b"))));
        Assert.Equal(["calibration"], Names(DetectorFingerprint.Of(new BrightnessDetector { Calibration = calibration })));
        Assert.NotEqual(
            DetectorFingerprint.Of(new BrightnessDetector { Calibration = calibration }),
            DetectorFingerprint.Of(new BrightnessDetector { Calibration = calibration with { ImageThreshold = 0.51f } }));

        IEnumerable<string> Names(DetectorFingerprint other) => plain.DifferencesFrom(other).Select(d => d.Split(' ')[0]);
    }
}
