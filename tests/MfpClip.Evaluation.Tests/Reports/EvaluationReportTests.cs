using System.Text.Json;
using System.Xml.Linq;
using MfpClip.Data;
using MfpClip.Evaluation.Metrics;
using MfpClip.Evaluation.Reports;

namespace MfpClip.Evaluation.Tests.Reports;

public sealed class EvaluationReportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_written_report_is_read_back_and_rendered_the_same()
    {
        var report = new EvaluationReport([Run(1) with { Notice = "RANDOM <weights>" }]);
        string page = EvaluationReportFiles.Write(_folder["out"], report);

        var again = EvaluationReportFiles.Read(_folder["out"]);
        string second = EvaluationReportFiles.Write(_folder["again"], again);

        // Curves are kept to five digits, so the first page may differ from the second in the last digit of a coordinate, no further one.
        Assert.Equal(File.ReadAllText(second), File.ReadAllText(EvaluationReportFiles.Write(_folder["third"], EvaluationReportFiles.Read(_folder["again"]))));
        Assert.InRange(File.ReadAllText(page).Length - File.ReadAllText(second).Length, -20, 20);
        Assert.Equal(File.ReadAllText(_folder["out/results.csv"]), File.ReadAllText(_folder["again/results.csv"]));
        Assert.Equal(EvaluationReportFiles.Markdown(report), EvaluationReportFiles.Markdown(again));
        Assert.Equal(report.Runs[0].Categories[0].Cases.Select(c => c.Overlay), again.Runs[0].Categories[0].Cases.Select(c => c.Overlay));
    }

    [Fact]
    public void The_page_holds_everything_itself()
    {
        string html = File.ReadAllText(EvaluationReportFiles.Write(_folder["out"], new([Run(1) with { Notice = "RANDOM <weights>" }])));

        Assert.Contains("RANDOM &lt;weights&gt;", html, StringComparison.Ordinal);
        Assert.DoesNotContain("src=\"http", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", html, StringComparison.Ordinal);
        Assert.Contains("sha256", html, StringComparison.Ordinal);
        Assert.Equal(3, html.Split("<svg").Length - 1); // ROC, histogram, PRO
        // Each of the eight cases is an image, its truth, its map and its overlay.
        Assert.Equal(8 * 4, html.Split("<img ").Length - 1);
        foreach (string svg in html.Split("<svg").Skip(1).Select(s => "<svg" + s[..(s.IndexOf("</svg>", StringComparison.Ordinal) + 6)]))
        {
            XDocument.Parse(svg);
        }
    }

    [Fact]
    public void Several_seeds_give_mean_and_deviation_of_the_sample()
    {
        var summary = MetricSummary.Of([new(0.90), new(0.92), new(0.97)]);

        Assert.Equal(0.93, summary.Mean!.Value, 12);
        // By hand: deviations -3, -1, 4 points; (9 + 1 + 16) / 2 = 13.
        Assert.Equal(Math.Sqrt(13) / 100, summary.Deviation!.Value, 12);
        Assert.Equal("93.0 ± 3.6", summary.ToString());
        Assert.Null(MetricSummary.Of([new(0.5)]).Deviation);
        Assert.Equal("because", MetricSummary.Of([MetricValue.NotAvailable("because")]).Reason);
    }

    [Fact]
    public void Runs_are_grouped_by_method_and_settings()
    {
        var (a, b) = (Run(1), Run(2));
        var other = b with { Detector = b.Detector with { Method = "WinCLIP" } };
        var smooth = b with { Settings = new Dictionary<string, string> { ["smoothing_sigma"] = "4" } };

        Assert.Equal(2, Assert.Single(new EvaluationReport([a, b]).Methods).Runs.Count);
        Assert.Equal(["redness", "WinCLIP"], new EvaluationReport([a, b, other]).Methods.Select(m => m.Method));
        Assert.Equal(["redness #1", "redness #2"], new EvaluationReport([a, smooth]).Methods.Select(m => m.Method));
        Assert.Contains("±", EvaluationReportFiles.Markdown(new([a, b])), StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_on_a_benchmark_stands_beside_the_published_figures()
    {
        var run = Run(1);
        string[] visa = ["candle", "capsules", "cashew", "chewinggum", "fryum", "macaroni1", "macaroni2", "pcb1", "pcb2", "pcb3", "pcb4", "pipe_fryum"];
        run = run with
        {
            Detector = run.Detector with { Method = "WinCLIP" }, Categories = [.. visa.Select(v => run.Categories[0] with { Key = v })], TrainedOn = [],
            Settings = new Dictionary<string, string>(run.Settings) { ["resolution"] = "model (masks resized)" },
        };

        string row = EvaluationReportFiles.Markdown(new([run])).Split('\n').Single(l => l.StartsWith("| WinCLIP |", StringComparison.Ordinal));

        Assert.Contains("| 78.1 / 81.2 / 79.6 / 56.8 | 75.5 / 78.7 / 73.2 / 51.0 | 100.0 / 100.0 / ", row, StringComparison.Ordinal);
        Assert.Null(PublishedResults.Benchmark(visa.Skip(1)));
        Assert.Equal("MFP-CLIP", PublishedResults.MethodOf("MFP-CLIP (arXiv 2503.12910 v1)"));
        Assert.Null(PublishedResults.MethodOf("MFP-CLIPPER"));
    }

    [Theory]
    [InlineData("MFP-CLIP", "model (masks resized)", "4", "none", "0", "MVTec AD", null)]
    [InlineData("MFP-CLIP", "model (masks resized)", "4", "none", "0", "VisA", "they are trained on MVTec AD")]
    [InlineData("MFP-CLIP", "model (masks resized)", "4", "none", "0", "", "they are trained on MVTec AD")]
    [InlineData("MFP-CLIP", "model (masks resized)", "4", "none", "0", null, "what these modules were trained on is not recorded")]
    [InlineData("MFP-CLIP", "model (masks resized)", "0", "none", "0", "MVTec AD", "they smooth maps")]
    [InlineData("MFP-CLIP", "image (maps resized)", "4", "none", "0", "MVTec AD", "they compare at the model's resolution")]
    [InlineData("MFP-CLIP", "model (masks resized)", "4", "20", "0", "MVTec AD", "they are of all test images")]
    [InlineData("MFP-CLIP", "model (masks resized)", "4", "none", "1", "MVTec AD", "they are zero-shot")]
    [InlineData("WinCLIP", "model (masks resized)", "0", "none", "0", "MVTec AD", "they are without training")]
    [InlineData("another", "model (masks resized)", "4", "none", "0", "MVTec AD", "the method is none of those published")]
    public void Published_figures_are_shown_only_under_the_same_protocol(
        string method, string resolution, string smoothing, string limit, string shots, string? trainedOn, string? reason)
    {
        var run = Run(1);
        string[] mvtec = ["bottle", "cable", "capsule", "carpet", "grid", "hazelnut", "leather", "metal_nut", "pill", "screw", "tile", "toothbrush",
            "transistor", "wood", "zipper"];
        string[] visa = ["candle", "capsules", "cashew", "chewinggum", "fryum", "macaroni1", "macaroni2", "pcb1", "pcb2", "pcb3", "pcb4", "pipe_fryum"];
        run = run with
        {
            Detector = run.Detector with { Method = method }, Categories = [.. visa.Select(v => run.Categories[0] with { Key = v })],
            TrainedOn = trainedOn switch { null => null, "" => [], "VisA" => visa, _ => mvtec },
            Settings = new Dictionary<string, string>
            {
                ["resolution"] = resolution, ["smoothing_sigma"] = smoothing, ["limit"] = limit, ["shots"] = shots,
            },
        };

        string text = EvaluationReportFiles.Markdown(new([run]));

        Assert.Equal(reason is null, text.Contains("Paper, reruns by others, ours", StringComparison.Ordinal));
        Assert.Equal(reason is null, text.Contains("87.9 / – / 96.0 / –", StringComparison.Ordinal)); // the paper's MFP-CLIP on VisA
        Assert.Contains(reason ?? "Same protocol", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("modules.safetensors", false)]
    [InlineData("untrained", true)]
    [InlineData("random (seed 1)", true)]
    public void Nothing_was_trained_is_said_only_where_no_module_has_trained_weights(string source, bool untrained)
    {
        var data = SmallDataSet.Write(_folder, "nut");
        using var detector = new RednessDetector(stages:
        [
            new() { Id = "backbone", Stage = "backbone", Component = "b", Weights = [new("clip.safetensors", "00", 1)] },
            new() { Id = "mask_prompt", Stage = "mask prompt", Component = "m", Weights = [new(source, "00", 1)] },
        ]);

        var run = new Evaluator().Evaluate(detector, data, CrossDataSetProtocol.Create([], data.Categories, 1));

        Assert.Equal(untrained, EvaluationReportFiles.Markdown(new([run])).Contains("nothing was trained", StringComparison.Ordinal));
        Assert.Equal(untrained, run.TrainedOn is { Count: 0 });
        Assert.Equal(!untrained, run.Protocol[0].Contains($"the modules are trained ({source})", StringComparison.Ordinal));
    }

    [Fact]
    public void Tables_escape_what_would_break_them()
    {
        var run = Run(1);
        run = run with { Categories = [run.Categories[0] with { Key = "a|b,\"<c>" }] };

        Assert.Contains("a\\|b", EvaluationReportFiles.Markdown(new([run])), StringComparison.Ordinal);
        Assert.Contains("\"a|b,\"\"<c>\"", EvaluationReportFiles.Csv(new([run])), StringComparison.Ordinal);
        Assert.DoesNotContain("<c>", File.ReadAllText(EvaluationReportFiles.Write(_folder["out"], new([run]))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{", "cannot be read")]
    [InlineData("""{"format": 9, "runs": [{}]}""", "cannot be read")]
    [InlineData("""{"format": 1, "runs": []}""", "holds no run")]
    public void Damaged_results_are_refused(string json, string says)
    {
        _folder.Text("r/results.json", json);

        Assert.Contains(says, Assert.Throws<ResultsException>(() => EvaluationReportFiles.Read(_folder["r"])).Message, StringComparison.Ordinal);
        Assert.Throws<ResultsException>(() => EvaluationReportFiles.Read(_folder["absent"]));
    }

    [Fact]
    public void Saved_names_of_pictures_cannot_lead_out_of_the_folder()
    {
        EvaluationReportFiles.Write(_folder["out"], new([Run(1)]));
        string file = _folder["out/results.json"];
        using var document = JsonDocument.Parse(File.ReadAllText(file));
        string name = document.RootElement.GetProperty("runs")[0].GetProperty("categories")[0].GetProperty("cases")[0].GetProperty("pictures").GetString()!;
        File.WriteAllText(file, File.ReadAllText(file).Replace($"\"{name}\"", $"\"../cases/{name}\"", StringComparison.Ordinal));

        Assert.Equal(7, EvaluationReportFiles.Read(_folder["out"]).Runs[0].Categories[0].Cases.Count);
    }

    private EvaluationRun Run(long seed)
    {
        var data = Directory.Exists(_folder["nut"]) ? DataSetReader.Open(_folder["nut"]) : SmallDataSet.Write(_folder, "nut");
        // Distinct scores: every image is either among the best or among the worst.
        using var detector = new RednessDetector(
            score: i => (i.Name.Contains("blot", StringComparison.Ordinal) ? 0.5f : 0) + (0.1f * (Path.GetFileName(i.Name)[0] - '0')));
        return new Evaluator().Evaluate(detector, data, CrossDataSetProtocol.Create([], data.Categories, seed));
    }
}
