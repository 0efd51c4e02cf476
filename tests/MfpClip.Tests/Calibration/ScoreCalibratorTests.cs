using MfpClip.Calibration;
using MfpClip.Diagnostics;

namespace MfpClip.Tests.Calibration;

public sealed class ScoreCalibratorTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Good_images_alone_never_give_a_threshold_below_their_own_scores()
    {
        var random = new Random(1);
        for (int run = 0; run < 200; run++)
        {
            var scores = Enumerable.Range(0, 1 + random.Next(30)).Select(_ => run % 5 == 0 ? 0.25f : random.NextSingle()).ToArray();
            var calibration = ScoreCalibrator.FromNormalImages([.. scores.Select(s => Result(s))]);

            Assert.All(scores, s => Assert.False(calibration.IsAnomalous(s)));
            Assert.All(scores, s => Assert.True(calibration.Calibrate(s) < 0.5f || scores.Max() == scores.Min()));
        }
    }

    [Theory]
    [InlineData(0.1, 1)]
    [InlineData(0.25, 2)]
    [InlineData(0.05, 0)]
    public void A_rate_lets_at_most_that_share_of_good_images_through(double rate, int alarms)
    {
        var scores = Enumerable.Range(1, 10).Select(i => i / 20f).ToList();
        var calibration = ScoreCalibrator.FromNormalImages([.. scores.Select(s => Result(s))], rate);

        Assert.Equal(alarms, scores.Count(calibration.IsAnomalous));
    }

    [Fact]
    public void The_best_F1_threshold_divides_what_can_be_divided()
    {
        var calibration = ScoreCalibrator.FromLabelledImages([Result(.1f), Result(.2f), Result(.3f)], [Result(.4f), Result(.6f)]);

        Assert.Equal(0.35f, calibration.ImageThreshold, 1e-6f);
        Assert.Equal((3, 2), (calibration.NormalImages, calibration.DefectiveImages));

        // By hand: thresholds .2 (F1 2*2/(2+2+2)=.667), .5 (2*1/(2+1+0)=.667), .3 (2*2/(2+2+1)=.8).
        Assert.Equal(0.25f, Thresholds.BestF1([.1f, .2f, .4f], [.3f, .5f]), 1e-6f);
    }

    [Fact]
    public void Files_keep_everything_and_damaged_or_foreign_ones_are_refused()
    {
        string path = Path.Combine(_folder, "c.json");
        var calibration = ScoreCalibrator.FromNormalImages([Result(.1f)], 0.0) with { WeightsHash = new string('a', 64) };
        CalibrationFile.Save(path, calibration);

        Assert.Equal(calibration, CalibrationFile.Load(path));
        var other = new DetectorDescription
        {
            Method = "m", Stages = [], Device = "cpu", Precision = "f", ImageSize = 1, LibraryVersion = "1", WeightsHash = new string('b', 64),
        };
        var difference = Assert.Single(Assert.Throws<CalibrationException>(() => CalibrationFile.Load(path, other)).Differences);
        Assert.Equal(("weights", "aaaaaaaaaaaa...", "bbbbbbbbbbbb..."), (difference.Name, difference.Calibration, difference.Detector));
        File.WriteAllText(path, "{");
        Assert.Contains(path, Assert.Throws<CalibrationException>(() => CalibrationFile.Load(path)).Message, StringComparison.Ordinal);
        Assert.Throws<CalibrationException>(() => ScoreCalibrator.FromNormalImages([]));
    }

    private static AnomalyResult Result(float score) => new()
    {
        ImageName = "x", ClassName = "object", Score = score, ModelMap = new(1, 1, [score]), ImageWidth = 1, ImageHeight = 1,
        PixelThreshold = 0.5f, Timings = new(),
    };
}
