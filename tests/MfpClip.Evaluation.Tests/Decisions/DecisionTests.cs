using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using MfpClip.Data;
using MfpClip.Evaluation.Decisions;
using MfpClip.Evaluation.Reports;

namespace MfpClip.Evaluation.Tests.Decisions;

/// <summary>Decisions of a calibrated detector: four normal images of scores 0 to 0.3, four defective ones of 0.15 to 0.45, threshold 0.25.</summary>
public sealed class DecisionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Counts_and_rates_are_those_of_the_scores()
    {
        var category = Calibrated().Categories[0];
        var decisions = CategoryDecisions.Of(category);

        // Normal 0, 0.1, 0.2, 0.3: one above. Defective 0.15, 0.25, 0.35, 0.45: three at or above.
        Assert.Equal(new ConfusionMatrix(3, 1, 1, 3), decisions.Images);
        Assert.True(decisions.IsCalibrated);
        Assert.Equal(0.25, decisions.ImageThreshold!.Value, 6);
        Assert.Equal((new Proportion(6, 8), new Proportion(3, 4), new Proportion(1, 4), new Proportion(1, 4), new Proportion(3, 4)), (
            decisions.Images!.Accuracy, decisions.Images.Recall, decisions.Images.MissRate, decisions.Images.FalseAlarmRate, decisions.Images.Precision));
        Assert.Equal([null, "blot"], decisions.Kinds.Select(k => k.Kind));
        Assert.Equal(new Proportion(3, 4), decisions.Kinds[1].Images);
        // Pairs in order: 0.15 above two, 0.25 above three, 0.35 and 0.45 above four: 13 of 16.
        Assert.Equal(13 / 16.0, decisions.Kinds[1].Auroc.Value!.Value, 12);
    }

    [Fact]
    public void A_defect_is_found_where_a_tenth_of_it_reaches_the_pixel_threshold()
    {
        // Two defects of 20 pixels: in one two pixels are high, in the other one.
        var (mask, map) = (new bool[20 * 5], new float[20 * 5]);
        Array.Fill(mask, true, 0, 20);
        Array.Fill(mask, true, 80, 20);
        (map[3], map[4], map[85]) = (0.9f, 0.8f, 0.9f);

        DefectOutcome[] defects = [.. DefectOutcome.Of("a.png", "cut", new(20, 5, mask), new(20, 5, map))];

        Assert.Equal([20, 20], defects.Select(d => d.Area));
        Assert.Equal([0.8f, 0], defects.Select(d => d.Level));
        Assert.True(defects[0].IsFoundAt(0.8f));
        Assert.False(defects[0].IsFoundAt(0.81));
        Assert.False(defects[1].IsFoundAt(0.5));
        Assert.Equal(0.7f, Assert.Single(DefectOutcome.Of("b", "dot", new(2, 1, [true, false]), new(2, 1, [0.7f, 1]))).Level); // one pixel of one
    }

    [Fact]
    public void Without_a_calibration_the_threshold_is_the_best_of_these_images_and_that_is_said()
    {
        var run = Run(null);
        var decisions = CategoryDecisions.Of(run.Categories[0]);

        Assert.False(decisions.IsCalibrated);
        // F1 by hand: from 0.15: 8/10, 0.25: 6/8, 0.35: 4/6.
        Assert.Equal(0.15, decisions.ImageThreshold!.Value, 6);
        Assert.Equal(new ConfusionMatrix(4, 0, 2, 2), decisions.Images);
        Assert.Contains("so the rates are optimistic", EvaluationReportFiles.Markdown(new([run])), StringComparison.Ordinal);
        Assert.DoesNotContain("optimistic", EvaluationReportFiles.Markdown(new([Calibrated()])), StringComparison.Ordinal);
    }

    [Fact]
    public void Tables_page_and_csv_say_the_same_and_survive_the_results_file()
    {
        EvaluationReportFiles.Write(_folder["out"], new([Calibrated()]));
        var report = EvaluationReportFiles.Read(_folder["out"]);
        string page = EvaluationReportFiles.Write(_folder["again"], report);

        Assert.Equal(new ConfusionMatrix(3, 1, 1, 3), CategoryDecisions.Of(report.Runs[0].Categories[0]).Images);
        Assert.Equal(File.ReadAllText(_folder["out/decisions.csv"]), File.ReadAllText(_folder["again/decisions.csv"]));
        string[] header = File.ReadAllLines(_folder["out/decisions.csv"])[0].Split(','), all = File.ReadAllLines(_folder["out/decisions.csv"])[1].Split(',');
        Assert.Equal(header.Length, all.Length);
        var values = header.Zip(all).ToDictionary(p => p.First, p => p.Second);
        Assert.Equal(("true", "3", "1", "1", "3", "0.75"), (values["calibrated"], values["found"], values["missed"], values["false_alarms"], values["passed"],
            values["recall"]));
        Assert.Equal(0.3006, double.Parse(values["recall_lower"], System.Globalization.CultureInfo.InvariantCulture), 4); // Wilson, 3 of 4
        Assert.Equal("4", values["defects"]);
        var html = XDocument.Parse(Regex.Replace(File.ReadAllText(page).Replace("<!DOCTYPE html>", string.Empty, StringComparison.Ordinal),
            "<style>.*?</style>", string.Empty, RegexOptions.Singleline));
        var matrix = html.Descendants("table").Single(t => t.Attribute("class")?.Value == "matrix");
        Assert.Equal(["3 found", "1 missed", "1 false alarms", "3 passed"], matrix.Descendants("td").Select(t => t.Value));
        var tiles = html.Descendants("dl").Single().Elements("div").ToDictionary(t => t.Element("dt")!.Value, t => t.Element("dd")!.Value);
        Assert.Equal(("75.0 %", "25.0 %", "25.0 %"), (tiles["recall"], tiles["false-alarm rate"], tiles["miss rate"]));
        Assert.Contains(html.Descendants().Where(e => e.Name.LocalName == "svg"), s => s.Value.Contains("threshold 0.25", StringComparison.Ordinal));
        Assert.All(html.Descendants("table"), t => Assert.Equal("scroll", t.Parent!.Attribute("class")!.Value)); // wide ones scroll
    }

    [Fact]
    public void Results_without_decisions_are_still_read()
    {
        EvaluationReportFiles.Write(_folder["out"], new([Calibrated()]));
        string json = File.ReadAllText(_folder["out/results.json"]);
        json = Regex.Replace(json, "\"(is_anomalous\":(true|false)|(image|pixel|best_pixel)_threshold\":[0-9.eE+-]+),?", string.Empty);
        json = Regex.Replace(json, "\"defects\":\\[[^\\]]*\\],", string.Empty).Replace(",}", "}", StringComparison.Ordinal);
        File.WriteAllText(_folder["out/results.json"], json);
        JsonDocument.Parse(json).Dispose();

        var decisions = CategoryDecisions.Of(EvaluationReportFiles.Read(_folder["out"]).Runs[0].Categories[0]);

        Assert.False(decisions.IsCalibrated);
        Assert.Equal(new ConfusionMatrix(4, 0, 2, 2), decisions.Images);
        Assert.Equal(new Proportion(0, 0), decisions.Kinds[0].Defects);
    }

    private EvaluationRun Calibrated() => Run(0.25f);

    private EvaluationRun Run(float? threshold)
    {
        var data = Directory.Exists(_folder["nut"]) ? DataSetReader.Open(_folder["nut"]) : SmallDataSet.Write(_folder, "nut");
        using var detector = new RednessDetector(threshold: threshold,
            score: i => (i.Name.Contains("blot", StringComparison.Ordinal) ? 0.15f : 0) + (0.1f * (Path.GetFileName(i.Name)[0] - '0')));
        return new Evaluator().Evaluate(detector, data, CrossDataSetProtocol.Create([], data.Categories, 1));
    }
}
