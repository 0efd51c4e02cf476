using MfpClip.Data;
using MfpClip.Evaluation.Metrics;
using MfpClip.Imaging;

namespace MfpClip.Evaluation.Tests;

public sealed class EvaluatorTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(EvaluationResolution.Model)]
    [InlineData(EvaluationResolution.Image)]
    public void A_detector_that_sees_the_defect_is_perfect(EvaluationResolution resolution)
    {
        var data = SmallDataSet.Write(_folder, "metal_nut", width: 32, height: resolution == EvaluationResolution.Model ? 32 : 24);
        using var detector = new RednessDetector(size: resolution == EvaluationResolution.Model ? 32 : 8);

        var run = new Evaluator(new() { Resolution = resolution }).Evaluate(detector, data);

        var category = Assert.Single(run.Categories);
        Assert.Equal((8, 4, 4), (category.Images, category.Normal, category.Defective));
        Assert.Equal(1, category.Metrics.ImageAuroc.Value);
        Assert.True(category.Metrics.PixelAuroc.Value > 0.99, $"{category.Metrics.PixelAuroc.Value}");
        Assert.True(category.Metrics.Aupro.Value > 0.95, $"{category.Metrics.Aupro.Value}");
        Assert.All(detector.ClassNames, n => Assert.Equal("metal nut", n));
        Assert.False(detector.Disposed);
        Assert.Equal(run.Mean.ImageAp, category.Metrics.ImageAp);
        Assert.True(category.SecondsPerImage > 0);
    }

    [Fact]
    public void Images_that_cannot_be_read_are_named_and_the_others_give_the_figures_of_a_set_without_them()
    {
        var whole = SmallDataSet.Write(_folder, "whole");
        SmallDataSet.Write(_folder, "torn");
        byte[] file = File.ReadAllBytes(_folder["torn/test/blot/1.png"]);
        File.WriteAllBytes(_folder["torn/test/blot/1.png"], file[..(file.Length / 2)]);
        File.WriteAllText(_folder["torn/ground_truth/blot/2_mask.png"], "no mask");
        using var detector = new RednessDetector(24);
        var expected = whole with
        {
            Categories =
            [
                whole.Categories[0] with
                {
                    Samples = [.. whole.Categories[0].Samples.Where(s => Path.GetFileName(s.ImagePath) is not ("1.png" or "2.png") || s.Defect is null)],
                },
            ],
        };

        var torn = new Evaluator(new() { BatchSize = 1 }).Evaluate(detector, DataSetReader.Open(_folder["torn"]));

        Assert.Equal((6, 4, 2), (torn.Images, torn.Categories[0].Normal, torn.Categories[0].Defective));
        Assert.Equal(new Evaluator().Evaluate(detector, expected).Mean, torn.Mean);
        Assert.Equal(2, torn.Categories[0].Unreadable.Count);
        Assert.Contains(torn.Notes, n => n.Contains("1.png", StringComparison.Ordinal));
        Assert.Contains(torn.Notes, n => n.Contains("2_mask.png", StringComparison.Ordinal));
        Array.ForEach(Directory.GetFiles(_folder["torn/test"], "*.png", SearchOption.AllDirectories), f => File.WriteAllText(f, "no image"));
        var e = Assert.Throws<DataSetException>(() => new Evaluator().Evaluate(detector, DataSetReader.Open(_folder["torn"])));
        Assert.Contains("none of its 8 test images", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Smoothing_moves_maps_and_not_scores()
    {
        var data = SmallDataSet.Write(_folder, "c");
        using var detector = new RednessDetector(24);

        var plain = new Evaluator().Evaluate(detector, data).Categories[0];
        var smooth = new Evaluator(new() { SmoothingSigma = 4 }).Evaluate(detector, data).Categories[0];

        Assert.Equal(plain.Outcomes.Select(o => o.Score), smooth.Outcomes.Select(o => o.Score));
        Assert.True(smooth.Outcomes.Max(o => o.MapMaximum) < plain.Outcomes.Max(o => o.MapMaximum));
        Assert.NotEqual(plain.Metrics.PixelAp.Value, smooth.Metrics.PixelAp.Value);
    }

    [Fact]
    public void Without_masks_there_are_image_metrics_and_a_reason_for_the_missing_ones()
    {
        SmallDataSet.Write(_folder, "s/with");
        SmallDataSet.Write(_folder, "s/without", masks: false);
        using var detector = new RednessDetector();

        var run = new Evaluator().Evaluate(detector, DataSetReader.Open(_folder["s"]));

        var without = run.Categories.Single(c => c.Key == "without").Metrics;
        Assert.Equal(1, without.ImageAuroc.Value);
        Assert.Null(without.PixelAuroc.Value);
        Assert.Contains("no mask", without.Aupro.Reason, StringComparison.Ordinal);
        Assert.Equal(run.Categories.Single(c => c.Key == "with").Metrics.PixelAuroc.Value, run.Mean.PixelAuroc.Value);
        Assert.Equal("mean of 1 of 2 categories", run.Mean.PixelAuroc.Reason);
    }

    [Fact]
    public void One_kind_of_image_gives_no_metrics_but_reasons()
    {
        var data = SmallDataSet.Write(_folder, "c", bad: 0);
        using var detector = new RednessDetector();

        var metrics = new Evaluator().Evaluate(detector, data).Mean;

        Assert.All(EvaluationMetrics.All, m => Assert.Null(m.Get(metrics).Value));
    }

    [Fact]
    public void The_limit_takes_both_kinds_evenly()
    {
        var data = SmallDataSet.Write(_folder, "c", good: 6, bad: 8);
        using var detector = new RednessDetector();

        var outcomes = new Evaluator(new() { Limit = 4 }).Evaluate(detector, data).Categories[0].Outcomes;

        Assert.Equal(["test/blot/0.png", "test/blot/4.png", "test/good/0.png", "test/good/3.png"], outcomes.Select(o => o.Image));
    }

    [Fact]
    public void Cases_are_the_extremes_of_each_kind()
    {
        var data = SmallDataSet.Write(_folder, "c");
        // Scores rise with the file's number, good ones above defective ones.
        using var detector = new RednessDetector(
            score: i => int.Parse(Path.GetFileNameWithoutExtension(i.Name), System.Globalization.CultureInfo.InvariantCulture) + (
                i.Name.Contains("good", StringComparison.Ordinal) ? 10 : 0));

        var run = new Evaluator(new() { Cases = 1 }).Evaluate(detector, data).Categories[0];

        Assert.Equal(0, run.Metrics.ImageAuroc.Value);
        Assert.Equal(
            [(CaseKind.Missed, "test/blot/0.png"), (CaseKind.FalseAlarm, "test/good/3.png"), (CaseKind.Found, "test/blot/3.png"),
                (CaseKind.Passed, "test/good/0.png")],
            run.Cases.Select(c => (c.Kind, c.Outcome.Image)));
        Assert.All(run.Cases, c => Assert.All([c.Photo, c.Truth!, c.Map, c.Overlay], p =>
        {
            var picture = new SkiaImageDecoder().Decode(p, "case", new());
            Assert.Equal((32, 24), (picture.Width, picture.Height));
        }));
    }

    [Fact]
    public void References_are_handed_to_the_builder_and_detectors_are_disposed()
    {
        var data = SmallDataSet.Write(_folder, "c");
        var built = new List<RednessDetector>();

        var run = new Evaluator(new() { Shots = 2 }).EvaluateEachCategory((_, references) =>
        {
            Assert.Equal(["0.png", "1.png"], references.Select(r => Path.GetFileName(r.ImagePath)));
            built.Add(new());
            return built[^1];
        }, data);

        Assert.True(Assert.Single(built).Disposed);
        Assert.NotNull(run.Categories[0].WeightsHash);
        Assert.Throws<ArgumentException>(() => new Evaluator(new() { Shots = 2 }).Evaluate(built[0], data));
        Assert.Throws<DataSetException>(() => new Evaluator(new() { Shots = 9 }).EvaluateEachCategory((_, _) => built[0], data));
    }

    [Fact]
    public void Seeds_are_run_one_by_one_under_their_protocol()
    {
        var data = SmallDataSet.Write(_folder, "c");

        var runs = new Evaluator().EvaluateSeeds(_ => new RednessDetector(), [3, 5], data, seed => CrossDataSetProtocol.Create([], data.Categories, seed));

        Assert.Equal([3L, 5L], runs.Select(r => r.Seed));
        Assert.Contains("seed: 5", runs[1].Protocol);
        Assert.Contains(runs[0].Protocol, l => l.Contains("nothing was trained", StringComparison.Ordinal));
    }

    [Fact]
    public void Progress_ends_at_the_total_and_cancelling_ends_the_run()
    {
        var data = SmallDataSet.Write(_folder, "c");
        using var detector = new RednessDetector();
        var seen = new List<EvaluationProgress>();
        using var cancel = new CancellationTokenSource();

        new Evaluator(new() { BatchSize = 3 }).Evaluate(detector, data, progress: new Direct(seen.Add));
        Assert.Equal([3, 6, 8], seen.Select(p => p.Done));
        Assert.All(seen, p => Assert.Equal(8, p.Total));
        Assert.Throws<OperationCanceledException>(() => new Evaluator(new() { BatchSize = 1 }).Evaluate(
            detector, data, progress: new Direct(_ => cancel.Cancel()), cancellationToken: cancel.Token));
    }

    [Fact]
    public void A_cropping_detector_is_refused_at_the_models_resolution()
    {
        SmallDataSet.Write(_folder, "c");
        using var crops = new RednessDetector(coversWholeImage: false);
        Assert.Throws<DetectorConfigurationException>(
            () => new Evaluator(new() { Resolution = EvaluationResolution.Model }).Evaluate(crops, DataSetReader.Open(_folder["c"])));
    }

    [Fact]
    public void Masks_that_vanish_at_the_models_resolution_are_told_of()
    {
        var data = SmallDataSet.Write(_folder, "c", width: 200, height: 200);
        using var detector = new RednessDetector(size: 8);

        var small = new Evaluator(new() { Resolution = EvaluationResolution.Model }).Evaluate(detector, data).Categories[0];
        var whole = new Evaluator().Evaluate(detector, data).Categories[0];

        Assert.Contains("4 of 4 masks vanish at the model's resolution of 8 px", Assert.Single(small.Notes), StringComparison.Ordinal);
        Assert.Null(small.Metrics.PixelAuroc.Value);
        Assert.Empty(whole.Notes);
        Assert.NotNull(whole.Metrics.PixelAuroc.Value);
    }

    [Fact]
    public void Masks_are_resized_by_area_and_cut_at_one_half()
    {
        // By hand: a triangle of support 2 weighs 3 : 3 : 1, so a row becomes 219, 36 and the image 188, 31, 31, 5; above one half: the corner.
        var mask = new AnomalyMask(4, 4, [.. Enumerable.Range(0, 16).Select(i => i % 4 < 2 && i / 4 < 2)]);
        Assert.Equal([true, false, false, false], ByteMaskResize.To(mask, 2, 2).Data);
        // Enlarged, the border between white and black falls half-way between the old pixels' centres.
        Assert.Equal([true, true, true, true, false, false, false, false], ByteMaskResize.To(new(2, 1, [true, false]), 8, 1).Data);
        Assert.Same(mask, ByteMaskResize.To(mask, 4, 4));
    }

    private sealed class Direct(Action<EvaluationProgress> report) : IProgress<EvaluationProgress>
    {
        public void Report(EvaluationProgress value) => report(value);
    }
}
