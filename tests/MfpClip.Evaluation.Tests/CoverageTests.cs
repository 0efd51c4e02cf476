using MfpClip.Data;
using MfpClip.Evaluation.Metrics;
using MfpClip.Evaluation.Reports;

namespace MfpClip.Evaluation.Tests;

/// <summary>Pixels that a detector does not inspect are in no figure of pixels, and are counted.</summary>
public sealed class CoverageTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_pixel_outside_takes_no_part()
    {
        var map = new AnomalyMap(4, 1, [0.5f, 0.1f, 0.8f, 0.2f]);
        var mask = new AnomalyMask(4, 1, [true, false, false, false]);
        PixelMetricsAccumulator all = new(), inside = new();

        all.Add(map, mask);
        inside.Add(map, mask, [true, true, false, true]);

        Assert.Equal((2.0 / 3, 0.5), (all.Compute().Ranking.Auroc.Value!.Value, all.Compute().Ranking.AveragePrecision.Value!.Value));
        Assert.Equal((1.0, 1.0), (inside.Compute().Ranking.Auroc.Value!.Value, inside.Compute().Ranking.AveragePrecision.Value!.Value));
        Assert.Equal((4, 3), (all.Compute().Pixels, inside.Compute().Pixels));
        Assert.Throws<ArgumentException>(() => inside.Add(map, mask, [true]));
    }

    [Theory]
    [InlineData(1L << 25)]
    [InlineData(0)]
    public void Metrics_inside_are_those_of_an_image_that_was_cut_out(long exact)
    {
        const int Width = 60, Height = 40, Cut = 35;
        var random = new Random(3);
        // Two defects inside, one at the cut, one outside; those outside have the highest values.
        (int X, int Y, int W, int H)[] defects = [(3, 3, 6, 5), (20, 25, 9, 4), (30, 10, 12, 8), (50, 20, 5, 5)];
        bool[] mask = [.. Enumerable.Range(0, Width * Height).Select(i => defects.Any(
            d => i % Width >= d.X && i % Width < d.X + d.W && i / Width >= d.Y && i / Width < d.Y + d.H))];
        float[] values = [.. mask.Select((m, i) => (float)((random.NextDouble() * 0.6) + (m ? 0.2 : 0) + (i % Width >= Cut ? 0.2 : 0)))];
        var options = new PixelMetricsOptions { MaximumExactPixels = exact };
        PixelMetricsAccumulator whole = new(options), cut = new(options);

        whole.Add(new(Width, Height, values), new(Width, Height, mask), [.. Enumerable.Range(0, Width * Height).Select(i => i % Width < Cut)]);
        T[] Left<T>(T[] all) => [.. all.Where((_, i) => i % Width < Cut)];
        cut.Add(new(Cut, Height, Left(values)), new AnomalyMask(Cut, Height, Left(mask)));

        var (a, b) = (whole.Compute(), cut.Compute());
        Assert.Equal((b.Pixels, b.Regions), (a.Pixels, a.Regions));
        Assert.Equal(3, a.Regions);
        foreach (var get in new Func<PixelMetrics, double?>[]
            { m => m.Ranking.Auroc.Value, m => m.Ranking.AveragePrecision.Value, m => m.Ranking.F1Max.Value, m => m.Aupro.Value, m => m.AuproAuthors.Value })
        {
            Assert.NotNull(get(a));
            Assert.Equal(get(b), get(a));
        }
    }

    [Fact]
    public void A_defect_that_leaves_and_comes_back_is_one()
    {
        // A U whose bottom is outside.
        bool[] mask = [true, false, true, true, false, true, true, true, true];
        var pixels = new PixelMetricsAccumulator();

        pixels.Add(new(3, 3, [0.9f, 0, 0.9f, 0.9f, 0, 0.9f, 0, 0, 0]), new AnomalyMask(3, 3, mask), [true, true, true, true, true, true, false, false, false]);

        Assert.Equal((1, 6), (pixels.Compute().Regions, pixels.Compute().Pixels));
        Assert.Equal(1, pixels.Compute().Aupro.Value);
    }

    [Theory]
    [InlineData(EvaluationResolution.Image)]
    [InlineData(EvaluationResolution.Model)]
    public void The_evaluator_counts_and_names_what_is_outside(EvaluationResolution resolution)
    {
        // Red squares of 8 x 8 at x = 4, 6, 8 and 10; inspected from x = 12 on, by a region that is twice as fine.
        var data = SmallDataSet.Write(_folder, "nut", width: 32, height: 32);
        using var detector = new RednessDetector(32) { Inspected = RegionOfInterest.Rectangle(64, 64, 24, 0, 40, 64) };

        var run = new Evaluator(new() { Resolution = resolution }).Evaluate(detector, data);

        var category = Assert.Single(run.Categories);
        var uncovered = category.Uncovered!;
        Assert.Equal((8 * 12 * 32, 8 * 32 * 32), (uncovered.Pixels, uncovered.Total));
        Assert.Equal((64 + 48 + 32 + 16, 4 * 64), (uncovered.DefectPixels, uncovered.TotalDefectPixels));
        Assert.Equal(new UncoveredDefect("test/blot/0.png", "blot", 64), Assert.Single(uncovered.Defects));
        Assert.Equal([16, 32, 48], category.Defects.Select(d => d.Area).Order());
        Assert.Equal(1, category.Metrics.PixelAuroc.Value);
        string note = Assert.Single(category.Notes);
        Assert.Contains("3072 of 8192 pixels (37.5 %)", note, StringComparison.Ordinal);
        Assert.Contains("160 of 256 defect pixels", note, StringComparison.Ordinal);
        Assert.Contains("1 defect lies entirely there (test/blot/0.png: blot, 64 px)", note, StringComparison.Ordinal);

        EvaluationReportFiles.Write(_folder["out"], new([run]));
        var read = EvaluationReportFiles.Read(_folder["out"]).Runs[0].Categories[0].Uncovered!;
        Assert.Equal((uncovered.Pixels, uncovered.DefectPixels), (read.Pixels, read.DefectPixels));
        Assert.Equal(uncovered.Defects, read.Defects);
        Assert.Contains("entirely there", File.ReadAllText(_folder["out/results.md"]), StringComparison.Ordinal);
        string[] csv = File.ReadAllLines(_folder["out/results.csv"]);
        Assert.EndsWith(",uncovered_pixels,uncovered_defect_pixels", csv[0], StringComparison.Ordinal);
        Assert.EndsWith(",3072,160", csv[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Where_every_defect_is_outside_there_are_no_pixel_metrics_and_the_reason_is_said()
    {
        var data = SmallDataSet.Write(_folder, "nut");
        using var detector = new RednessDetector(32) { Inspected = RegionOfInterest.Rectangle(32, 24, 0, 20, 32, 4) };

        var category = new Evaluator().Evaluate(detector, data).Categories[0];

        Assert.Null(category.Metrics.PixelAuroc.Value);
        Assert.Contains("does not inspect", category.Metrics.Aupro.Reason, StringComparison.Ordinal);
        Assert.Equal(1, category.Metrics.ImageAuroc.Value);
        Assert.Equal(4, category.Uncovered!.Defects.Count);
        Assert.Empty(category.Defects);
    }

    [Fact]
    public void Without_a_region_nothing_is_uncovered()
    {
        using var detector = new RednessDetector(32);

        var category = new Evaluator().Evaluate(detector, SmallDataSet.Write(_folder, "nut")).Categories[0];

        Assert.Null(category.Uncovered);
        Assert.Empty(category.Notes);
    }
}
