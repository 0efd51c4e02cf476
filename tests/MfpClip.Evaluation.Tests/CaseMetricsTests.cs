using MfpClip.Data;
using MfpClip.Evaluation.Baselines;
using MfpClip.Evaluation.Reports;

namespace MfpClip.Evaluation.Tests;

/// <summary>Figures of the local statistics on the shared cases; the right ones stand in the cases' README, computed without this library.</summary>
public sealed class CaseMetricsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [SkippableTheory]
    [InlineData("loco", null, 0.99290, 0.7304, 0.97606)]
    [InlineData("btad", 1.0, 0.99123, null, 0.97077)]
    [InlineData("masks/jpeg", null, null, null, 0.976)]
    [InlineData("orientation/square_upright_mask", null, 0.998, null, null)]
    public void Figures_are_those_of_the_README(string path, double? imageAuroc, double? pixelAuroc, double? pixelAp, double? aupro)
    {
        var m = Evaluate(path).Metrics;

        Near(imageAuroc, m.ImageAuroc, 0);
        Near(pixelAuroc, m.PixelAuroc, 6e-4);
        Near(pixelAp, m.PixelAp, 6e-4);
        Near(aupro, m.Aupro, 6e-4);
    }

    [SkippableFact]
    public void A_black_mask_is_named_and_left_out_of_the_pixel_metrics()
    {
        var found = Evaluate("masks/blackmask");

        Assert.Contains("1 of 2 defective images", Assert.Single(found.Notes), StringComparison.Ordinal);
        Assert.Contains("001.png", found.Notes[0], StringComparison.Ordinal);
        Assert.Equal((2, 1.0), (found.Defective, found.Metrics.ImageAuroc.Value));
        Assert.NotNull(found.Metrics.PixelAuroc.Value);
    }

    [SkippableFact]
    public void Masks_of_unturned_pixels_are_said_with_EXIF() =>
        Assert.Contains("2 of 2 images carry an EXIF orientation", Assert.Single(Evaluate("orientation/square_raw_mask").Notes), StringComparison.Ordinal);

    [Theory]
    [InlineData(0)]
    [InlineData(255)]
    public void Without_a_mask_that_says_something_no_pixel_metric_has_a_value(byte value)
    {
        var data = SmallDataSet.Write(_folder, "c", masks: false);
        for (int i = 0; i < 4; i++)
        {
            _folder.Mask($"c/ground_truth/blot/{i}_mask.png", 32, 24, 0, 0, 32, 24, value);
        }

        using var detector = new RednessDetector();
        var run = new Evaluator().Evaluate(detector, DataSetReader.Open(data.Path));

        foreach (var (key, _, get) in EvaluationMetrics.All)
        {
            Assert.Equal(key.StartsWith("image", StringComparison.Ordinal), get(run.Categories[0].Metrics).Value is not null);
            Assert.Equal(key.StartsWith("image", StringComparison.Ordinal), get(run.Categories[0].Metrics).Reason is null);
        }

        Assert.Contains("4 of 4 defective images", Assert.Single(run.Categories[0].Notes), StringComparison.Ordinal);
        // image_auroc, image_ap, image_f1max have values; the five of pixels are empty.
        string row = EvaluationReportFiles.Csv(new([run])).Split('\n')[1];
        Assert.Contains(",,,,,,", row, StringComparison.Ordinal);
        Assert.DoesNotContain(",,,,,,,", row, StringComparison.Ordinal);
    }

    [Fact]
    public void Categories_of_one_name_have_rows_of_their_own_in_every_result()
    {
        SmallDataSet.Write(_folder, "lineA/part", good: 2, bad: 1);
        SmallDataSet.Write(_folder, "lineB/part", good: 3, bad: 2);
        var set = DataSetReader.Open([_folder["lineA"], _folder["lineB"]]);
        using var detector = new RednessDetector();

        var run = new Evaluator(new() { Cases = 0 }).Evaluate(detector, set);
        EvaluationReportFiles.Write(_folder["out"], new([run]));
        string table = File.ReadAllText(new BaselineStudy(new() { OutputFolder = _folder["base"], Lines = ["random"] }).Run([], set));

        Assert.Equal([("lineA/part", 3), ("lineB/part", 5)], run.Categories.Select(c => (c.Key, c.Images)));
        string markdown = File.ReadAllText(_folder["out/results.md"]), csv = File.ReadAllText(_folder["out/results.csv"]);
        foreach (string key in new[] { "lineA/part", "lineB/part" })
        {
            Assert.Contains($"| {key} |", markdown, StringComparison.Ordinal);
            Assert.Contains($",{key},", csv, StringComparison.Ordinal);
            Assert.Contains($"| {key} |", table, StringComparison.Ordinal);
            Assert.Contains($"\"{key}\"", File.ReadAllText(_folder["out/results.json"]), StringComparison.Ordinal);
            Assert.Contains(key, File.ReadAllText(_folder["out/report.html"]), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Runs_of_folders_of_one_name_are_not_taken_for_seeds_of_one()
    {
        var one = SmallDataSet.Write(_folder, "lineA/part", good: 2, bad: 1);
        var other = SmallDataSet.Write(_folder, "lineB/part", good: 2, bad: 1);
        using var detector = new RednessDetector();
        var evaluator = new Evaluator(new() { Cases = 0 });

        var report = new EvaluationReport([evaluator.Evaluate(detector, one), evaluator.Evaluate(detector, other)]);

        Assert.Equal(2, report.Methods.Count);
    }

    private static void Near(double? right, MfpClip.Evaluation.Metrics.MetricValue value, double tolerance)
    {
        if (right is { } expected)
        {
            Assert.NotNull(value.Value);
            Assert.InRange(value.Value.Value, expected - tolerance, expected + tolerance);
        }
    }

    private static CategoryEvaluation Evaluate(string path)
    {
        using var detector = BaselineDetector.LocalStatistics();
        return Assert.Single(new Evaluator(new() { Cases = 0 }).Evaluate(detector, DataSetReader.Open(SharedCases.Folder(path))).Categories);
    }
}
