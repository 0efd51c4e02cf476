using System.Text.Json;

namespace MfpClip.Cli.Tests;

/// <summary>Calibrations and references between evaluate, calibrate and detect, with random weights of the smallest size.</summary>
public sealed class EvaluateCalibrationTests : CategoryCommands
{
    [Fact]
    public void Calibrate_gives_thresholds_that_detect_takes()
    {
        Category("nut");
        string good = Path.Combine(Folder, "good.json"), labelled = Path.Combine(Folder, "labelled.json");

        var (code, text, errors) = Run(["calibrate", "--data", Path.Combine(Folder, "nut"), "--out", good, "--json", .. Weights]);
        var (second, _, problems) = Run(["calibrate", "--good", Path.Combine(Folder, "nut", "test", "good"), "--bad",
            Path.Combine(Folder, "nut", "test", "blot"), "--class", "nut", "--out", labelled, .. Weights]);

        Assert.True(code == 0, errors);
        Assert.True(second == 0, problems);
        using var json = JsonDocument.Parse(text);
        Assert.Equal(4, json.RootElement.GetProperty("good_images").GetInt32());
        Assert.Contains("best F1", File.ReadAllText(labelled), StringComparison.Ordinal);
        var (detected, results, failure) = Run(["detect", Path.Combine(Folder, "nut", "train", "good"), "--class", "nut", "--calibration", good, "--out",
            Path.Combine(Folder, "maps"), "--json", .. Weights]);
        Assert.True(detected == 0, failure);
        using var decisions = JsonDocument.Parse(results);
        Assert.All(decisions.RootElement.GetProperty("results").EnumerateArray(), r => Assert.False(r.GetProperty("anomalous").GetBoolean()));
    }

    [Fact]
    public void Evaluate_with_a_calibration_reports_the_decisions_that_its_threshold_gives()
    {
        Category("nut");
        string calibration = Path.Combine(Folder, "c.json"), output = Path.Combine(Folder, "out"), nut = Path.Combine(Folder, "nut");
        Assert.Equal(0, Run(["calibrate", "--data", nut, "--out", calibration, .. Weights]).Code);
        using var threshold = JsonDocument.Parse(File.ReadAllText(calibration));
        double from = threshold.RootElement.GetProperty("image_threshold").GetDouble();

        var (code, text, errors) = Run(["evaluate", "--data", nut, "--calibration", calibration, "--out", output, "--json", .. Weights]);

        Assert.True(code == 0, errors);
        using var json = JsonDocument.Parse(text);
        var all = json.RootElement.GetProperty("decisions").GetProperty("all");
        using var results = JsonDocument.Parse(File.ReadAllText(Path.Combine(output, "results.json")));
        var outcomes = results.RootElement.GetProperty("runs")[0].GetProperty("categories")[0].GetProperty("outcomes").EnumerateArray().Select(
            o => (Defective: o.TryGetProperty("defect", out _), Above: o.GetProperty("score").GetDouble() >= from)).ToList();
        foreach (var (name, defective, above) in new[]
        {
            ("found", true, true), ("missed", true, false), ("false_alarms", false, true), ("passed", false, false),
        })
        {
            Assert.Equal(outcomes.Count(o => o == (defective, above)), all.GetProperty("confusion").GetProperty(name).GetInt32());
        }

        var recall = all.GetProperty("recall");
        Assert.Equal(3, recall.GetProperty("total").GetInt32());
        Assert.True(recall.GetProperty("lower").GetDouble() <= recall.GetProperty("value").GetDouble());
        var kind = json.RootElement.GetProperty("decisions").GetProperty("categories").GetProperty("nut").GetProperty("kinds").GetProperty("blot");
        Assert.Equal(3, kind.GetProperty("defects").GetProperty("total").GetInt32());
        Assert.Contains("Decisions at the calibration's threshold", File.ReadAllText(Path.Combine(output, "report.html")).Replace(
            "&#39;", "'", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.StartsWith("method,", File.ReadAllText(Path.Combine(output, "decisions.csv")), StringComparison.Ordinal);

        string other = Path.Combine(Folder, "other");
        var (foreign, _, refusal) = Run(
            "evaluate", "--data", nut, "--calibration", calibration, "--out", other, "--weights", "random:tiny", "--image-size", "70");
        Assert.Equal(1, foreign);
        Assert.Contains("calibration was made with another", refusal, StringComparison.Ordinal);
        Assert.Contains("70", refusal, StringComparison.Ordinal);
        Assert.False(Directory.Exists(other));
    }

    [Fact]
    public void References_join_evaluate_calibrate_and_detect_and_go_into_a_file()
    {
        Category("set/nut");
        string good = Path.Combine(Folder, "set", "nut", "train", "good"), file = Path.Combine(Folder, "r.safetensors"),
            calibration = Path.Combine(Folder, "c.json");

        var (code, text, errors) = Run(
            ["evaluate", "--data", Path.Combine(Folder, "set"), "--shots", "2", "--out", Path.Combine(Folder, "out"), "--json", .. Weights]);
        Assert.True(code == 0, errors);
        using var evaluated = JsonDocument.Parse(text);
        Assert.EndsWith("with references", evaluated.RootElement.GetProperty("method").GetString(), StringComparison.Ordinal);

        var (detected, results, problems) = Run(
            ["detect", good, "--references", good, "--save-references", file, "--out", Path.Combine(Folder, "maps"), "--json", .. Weights]);
        Assert.True(detected == 0, problems);
        using var json = JsonDocument.Parse(results);
        Assert.Equal(4, json.RootElement.GetProperty("references").GetArrayLength());

        Assert.Equal(0, Run(["calibrate", "--good", good, "--references", file, "--out", calibration, .. Weights]).Code);
        var (again, decided, failure) = Run(
            ["detect", good, "--references", file, "--calibration", calibration, "--out", Path.Combine(Folder, "maps"), "--json", .. Weights]);
        Assert.True(again == 0, failure);
        using var decisions = JsonDocument.Parse(decided);
        Assert.Equal(Scores(json), Scores(decisions), (a, b) => Math.Abs(a - b) < 1e-5); // other processes, other sums
        Assert.All(decisions.RootElement.GetProperty("results").EnumerateArray(), r => Assert.False(r.GetProperty("anomalous").GetBoolean()));

        static IEnumerable<float> Scores(JsonDocument d) =>
            [.. d.RootElement.GetProperty("results").EnumerateArray().Select(r => r.GetProperty("score").GetSingle())];
    }
}
