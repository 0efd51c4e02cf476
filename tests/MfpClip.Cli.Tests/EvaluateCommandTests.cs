using System.Diagnostics;
using System.Text.Json;
using MfpClip.Output;

namespace MfpClip.Cli.Tests;

/// <summary>Evaluation, calibration and reports as a user runs them, with random weights of the smallest size.</summary>
public sealed class EvaluateCommandTests : IDisposable
{
    private static readonly string[] Keys =
        ["image_auroc", "image_ap", "image_f1max", "pixel_auroc", "pixel_ap", "pixel_f1max", "aupro", "images", "seconds_per_image"];

    private static readonly string[] Weights = ["--weights", "random:tiny", "--image-size", "56"];

    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Evaluate_prints_one_object_with_exactly_the_documented_keys_and_report_renders_it_again()
    {
        Category("set/metal_nut");
        Category("set/cap", masks: false);
        string output = Path.Combine(_folder, "out");

        var (code, text, errors) = Run(["evaluate", "--data", Path.Combine(_folder, "set"), "--out", output, "--smooth", "--json", .. Weights]);

        Assert.True(code == 0, errors);
        using var json = JsonDocument.Parse(text);
        var root = json.RootElement;
        Assert.Equal(["cap", "metal_nut"], root.GetProperty("categories").EnumerateObject().Select(c => c.Name));
        Assert.All(root.GetProperty("categories").EnumerateObject().Select(c => c.Value).Append(root.GetProperty("mean")), c =>
            Assert.Equal(Keys, c.EnumerateObject().Select(p => p.Name)));
        var (nut, cap) = (root.GetProperty("categories").GetProperty("metal_nut"), root.GetProperty("categories").GetProperty("cap"));
        Assert.InRange(nut.GetProperty("pixel_auroc").GetDouble(), 0, 1);
        Assert.InRange(cap.GetProperty("image_auroc").GetDouble(), 0, 1);
        Assert.Equal(JsonValueKind.Null, cap.GetProperty("aupro").ValueKind);
        Assert.Equal(nut.GetProperty("aupro").GetDouble(), root.GetProperty("mean").GetProperty("aupro").GetDouble());
        Assert.Equal(12, root.GetProperty("mean").GetProperty("images").GetInt32());
        Assert.Equal(64, root.GetProperty("weights_hash").GetString()!.Length);
        Assert.StartsWith("MFP-CLIP", root.GetProperty("method").GetString(), StringComparison.Ordinal);
        Assert.Contains("RANDOM weights", root.GetProperty("notice").GetString(), StringComparison.Ordinal);
        foreach (string file in new[] { "report.html", "results.json", "results.csv", "results.md" })
        {
            Assert.True(File.Exists(Path.Combine(output, file)), file);
        }

        string again = Path.Combine(_folder, "again");
        var (rendered, summary, problems) = Run("report", output, output, "--out", again, "--json");
        Assert.True(rendered == 0, problems);
        using var seeds = JsonDocument.Parse(summary);
        var both = seeds.RootElement.GetProperty("methods")[0];
        Assert.Equal(2, both.GetProperty("runs").GetInt32());
        var aupro = both.GetProperty("categories").GetProperty("metal_nut").GetProperty("aupro");
        Assert.Equal(nut.GetProperty("aupro").GetDouble(), aupro.GetProperty("mean").GetDouble(), 12); // the same run twice
        Assert.Equal(0, aupro.GetProperty("sd").GetDouble(), 12);
        Assert.Equal(JsonValueKind.Null, both.GetProperty("categories").GetProperty("cap").GetProperty("aupro").GetProperty("mean").ValueKind);
        Assert.Contains("±", File.ReadAllText(Path.Combine(again, "results.md")), StringComparison.Ordinal);
    }

    [Fact]
    public void Several_data_sets_are_tested_together_and_no_picture_is_kept_where_none_is_wanted()
    {
        Category("one/metal_nut");
        Category("two/cap");
        string output = Path.Combine(_folder, "out");

        var (code, text, errors) = Run(
            ["evaluate", "--data", Path.Combine(_folder, "one"), Path.Combine(_folder, "two"), "--cases", "0", "--out", output, "--json", .. Weights]);

        Assert.True(code == 0, errors);
        using var json = JsonDocument.Parse(text);
        Assert.Equal(["cap", "metal_nut"], json.RootElement.GetProperty("categories").EnumerateObject().Select(c => c.Name));
        Assert.DoesNotContain("<img", File.ReadAllText(Path.Combine(output, "report.html")), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(output, "*.jp*g", SearchOption.AllDirectories));
        Assert.Empty(Directory.GetFiles(output, "*.png", SearchOption.AllDirectories));
    }

    [SkippableFact]
    public void A_folder_of_real_data_sets_is_evaluated_category_by_category()
    {
        string? root = RealData();
        Skip.If(root is null, "The real images were not found: set MFPCLIP_DATA, or put them at ../shared/data beside the project.");
        var categories = Directory.GetDirectories(root!).SelectMany(Directory.GetDirectories).ToList();

        var (code, text, errors) = Run(["evaluate", "--data", root!, "--limit", "2", "--out", Path.Combine(_folder, "out"), "--json", .. Weights]);

        Assert.True(code == 0, errors);
        using var json = JsonDocument.Parse(text);
        foreach (string category in categories)
        {
            var figures = json.RootElement.GetProperty("categories").GetProperty(Path.GetFileName(category));
            Assert.Equal(2, figures.GetProperty("images").GetInt32());
            Assert.Equal(JsonValueKind.Number, figures.GetProperty("image_auroc").ValueKind);
            // Categories without ground_truth have image labels only.
            Assert.Equal(Directory.Exists(Path.Combine(category, "ground_truth")), figures.GetProperty("pixel_auroc").ValueKind == JsonValueKind.Number);
        }
    }

    [Fact]
    public void Evaluate_shows_a_table_and_obeys_the_limit_and_the_class()
    {
        Category("metal_nut");

        var (code, text, errors) = Run(["evaluate", "--data", Path.Combine(_folder, "metal_nut"), "--limit", "2", "--class", "hexagon", "--resolution", "image",
            "--out", Path.Combine(_folder, "out"), .. Weights]);

        Assert.True(code == 0, errors);
        Assert.Contains("metal_nut", text, StringComparison.Ordinal);
        string page = File.ReadAllText(Path.Combine(_folder, "out", "report.html"));
        Assert.Contains("class \"hexagon\", 1 normal and 1 defective images", page.Replace("&quot;", "\"", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void Testing_on_what_the_modules_were_trained_on_is_refused()
    {
        Category("nut");
        Category("other/cap");
        string run = Path.Combine(_folder, "run");
        var (trained, _, problems) = Run(["train", "--data", Path.Combine(_folder, "nut"), "--epochs", "1", "--out", run, .. Weights]);
        Assert.True(trained == 0, problems);
        string[] modules = ["--modules", Path.Combine(run, "modules.safetensors"), "--out", Path.Combine(_folder, "out"), "--json"];

        var (refused, _, reason) = Run(["evaluate", "--data", Path.Combine(_folder, "nut"), .. modules, .. Weights]);
        var (allowed, text, errors) = Run(["evaluate", "--data", Path.Combine(_folder, "other", "cap"), .. modules, .. Weights]);

        Assert.Equal(1, refused);
        Assert.Contains("not be zero-shot", reason, StringComparison.Ordinal);
        Assert.True(allowed == 0, errors);
        Assert.Contains("/nut (10 images, sha256 ", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Calibrate_gives_thresholds_that_detect_takes()
    {
        Category("nut");
        string good = Path.Combine(_folder, "good.json"), labelled = Path.Combine(_folder, "labelled.json");

        var (code, text, errors) = Run(["calibrate", "--data", Path.Combine(_folder, "nut"), "--out", good, "--json", .. Weights]);
        var (second, _, problems) = Run(["calibrate", "--good", Path.Combine(_folder, "nut", "test", "good"), "--bad",
            Path.Combine(_folder, "nut", "test", "blot"), "--class", "nut", "--out", labelled, .. Weights]);

        Assert.True(code == 0, errors);
        Assert.True(second == 0, problems);
        using var json = JsonDocument.Parse(text);
        Assert.Equal(4, json.RootElement.GetProperty("good_images").GetInt32());
        Assert.Contains("best F1", File.ReadAllText(labelled), StringComparison.Ordinal);
        var (detected, results, failure) = Run(["detect", Path.Combine(_folder, "nut", "train", "good"), "--class", "nut", "--calibration", good, "--out",
            Path.Combine(_folder, "maps"), "--json", .. Weights]);
        Assert.True(detected == 0, failure);
        using var decisions = JsonDocument.Parse(results);
        Assert.All(decisions.RootElement.GetProperty("results").EnumerateArray(), r => Assert.False(r.GetProperty("anomalous").GetBoolean()));
    }

    [Fact]
    public void Evaluate_with_a_calibration_reports_the_decisions_that_its_threshold_gives()
    {
        Category("nut");
        string calibration = Path.Combine(_folder, "c.json"), output = Path.Combine(_folder, "out"), nut = Path.Combine(_folder, "nut");
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

        string other = Path.Combine(_folder, "other");
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
        string good = Path.Combine(_folder, "set", "nut", "train", "good"), file = Path.Combine(_folder, "r.safetensors"),
            calibration = Path.Combine(_folder, "c.json");

        var (code, text, errors) = Run(
            ["evaluate", "--data", Path.Combine(_folder, "set"), "--shots", "2", "--out", Path.Combine(_folder, "out"), "--json", .. Weights]);
        Assert.True(code == 0, errors);
        using var evaluated = JsonDocument.Parse(text);
        Assert.EndsWith("with references", evaluated.RootElement.GetProperty("method").GetString(), StringComparison.Ordinal);

        var (detected, results, problems) = Run(
            ["detect", good, "--references", good, "--save-references", file, "--out", Path.Combine(_folder, "maps"), "--json", .. Weights]);
        Assert.True(detected == 0, problems);
        using var json = JsonDocument.Parse(results);
        Assert.Equal(4, json.RootElement.GetProperty("references").GetArrayLength());

        Assert.Equal(0, Run(["calibrate", "--good", good, "--references", file, "--out", calibration, .. Weights]).Code);
        var (again, decided, failure) = Run(
            ["detect", good, "--references", file, "--calibration", calibration, "--out", Path.Combine(_folder, "maps"), "--json", .. Weights]);
        Assert.True(again == 0, failure);
        using var decisions = JsonDocument.Parse(decided);
        Assert.Equal(Scores(json), Scores(decisions), (a, b) => Math.Abs(a - b) < 1e-5); // other processes, other sums
        Assert.All(decisions.RootElement.GetProperty("results").EnumerateArray(), r => Assert.False(r.GetProperty("anomalous").GetBoolean()));

        static IEnumerable<float> Scores(JsonDocument d) =>
            [.. d.RootElement.GetProperty("results").EnumerateArray().Select(r => r.GetProperty("score").GetSingle())];
    }

    [Theory]
    [InlineData("random scores", "--baseline", "random")]
    [InlineData("local statistics (classical)", "--baseline", "local-statistics")]
    [InlineData("self-comparison of frozen features", "--baseline", "self-comparison")]
    [InlineData("MFP-CLIP (arXiv 2503.12910 v1) with references", "--baseline", "memory-bank", "--shots", "2")]
    [InlineData("MFP-CLIP (arXiv 2503.12910 v1)", "--without", "mpfa", "training")]
    public void Baselines_and_switched_off_modules_are_evaluated_as_any_detector(string method, params string[] arguments)
    {
        Category("set/nut");
        string[] weights = arguments.Any(a => a is "random" or "local-statistics") ? [] : Weights; // what reads none refuses them

        var (code, text, errors) = Run(
            ["evaluate", "--data", Path.Combine(_folder, "set"), "--out", Path.Combine(_folder, "out"), "--json", .. arguments, .. weights]);

        Assert.True(code == 0, errors);
        using var json = JsonDocument.Parse(text);
        Assert.Equal(method, json.RootElement.GetProperty("method").GetString());
        Assert.InRange(json.RootElement.GetProperty("mean").GetProperty("pixel_auroc").GetDouble(), 0, 1);
        string stages = File.ReadAllText(Path.Combine(_folder, "out", "results.json"));
        Assert.Equal(arguments.Contains("training"), stages.Contains("CLIP projection", StringComparison.Ordinal));
        Assert.Equal(arguments.Contains("memory-bank"), stages.Contains("\"weight\":\"1\"", StringComparison.Ordinal));
        Assert.Equal(arguments.Any(a => a is "random" or "local-statistics"), !stages.Contains("RANDOM weights", StringComparison.Ordinal));
    }

    [Fact]
    public void Baselines_are_put_in_one_table_of_the_lines_that_were_asked_for()
    {
        Category("set/nut");
        Category("set/cap", masks: false);
        string output = Path.Combine(_folder, "out");
        string[] arguments = ["baselines", "--data", Path.Combine(_folder, "set"), "--shots", "1", "2", "--limit", "4", "--out", output];

        var (code, text, errors) = Run([.. arguments, "--lines", "random", "zero-shot", "with-2"]);

        Assert.True(code == 0, errors);
        Assert.Contains("| the model with 2 reference images |", text, StringComparison.Ordinal);
        Assert.DoesNotContain("memory bank", text, StringComparison.Ordinal);
        Assert.Contains("n/a", text, StringComparison.Ordinal); // one category has no masks
        var (again, table, problems) = Run([.. arguments, "--lines", "local-statistics", "--json"]);
        Assert.True(again == 0, problems);
        using var json = JsonDocument.Parse(table);
        string all = File.ReadAllText(json.RootElement.GetProperty("table").GetString()!);
        Assert.Contains("| random scores |", all, StringComparison.Ordinal);
        Assert.Contains("| local statistics (classical) |", all, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "There is no line nonsense", "baselines", "--data", "{set}", "--lines", "nonsense")]
    [InlineData(1, "'mfpclip pretrain' writes it", "baselines", "--data", "{set}", "--models", "/nowhere")]
    [InlineData(2, "say how many with --shots", "evaluate", "--data", "{set}", "--baseline", "memory-bank")]
    [InlineData(2, "leave --shots out", "evaluate", "--data", "{set}", "--baseline", "self-comparison", "--shots", "1")]
    [InlineData(2, "leave it out with '--method winclip'", "evaluate", "--data", "{set}", "--method", "winclip", "--without", "mp")]
    [InlineData(2, "leave --calibration or --shots out", "evaluate", "--data", "{set}", "--shots", "1", "--calibration", "c.json")]
    [InlineData(2, "leave --calibration or --baseline out", "evaluate", "--data", "{set}", "--baseline", "self-comparison", "--calibration",
        "c.json")]
    [InlineData(1, "there is no such file or folder", "evaluate", "--data", "/nowhere")]
    [InlineData(2, "--limit is 1", "evaluate", "--data", "{set}", "--limit", "1")]
    [InlineData(1, "9 normal training images are requested", "evaluate", "--data", "{set}", "--shots", "9")]
    [InlineData(2, "the weight is 2", "evaluate", "--data", "{set}", "--shots", "1", "--reference-weight", "2")]
    [InlineData(1, "is on both sides", "evaluate", "--data", "{set}", "--auxiliary", "{set}")]
    [InlineData(1, "no normal images", "calibrate")]
    [InlineData(1, "no such file", "report", "/nowhere")]
    public void Errors_are_one_line(int exit, string expected, params string[] arguments)
    {
        Category("set");
        string[] random = arguments[0] is "report" or "baselines" ? [] : Weights;

        var (code, _, errors) = Run([.. arguments.Select(a => a == "{set}" ? Path.Combine(_folder, "set") : a), .. random]);

        Assert.Equal(exit, code);
        Assert.Contains(expected, errors, StringComparison.Ordinal);
        Assert.Single(errors.Split('\n'), l => l.StartsWith("error: ", StringComparison.Ordinal));
    }

    [Fact]
    public void Data_of_equal_names_has_rows_of_its_own_and_is_described_before_the_work()
    {
        Category("lineA/part");
        Category("lineB/part", masks: false);
        File.WriteAllText(Path.Combine(_folder, "lineB", "part", "test", "blot", "notes.txt"), "not an image");
        string[] arguments = ["evaluate", "--data", Path.Combine(_folder, "lineA"), Path.Combine(_folder, "lineB"), Path.Combine(_folder, "lineA") + "/",
            "--baseline", "random", "--cases", "0", "--out", Path.Combine(_folder, "out")];

        var (code, text, errors) = Run(arguments);
        var (asJson, json, summary) = Run([.. arguments, "--json"]);

        Assert.True(code == 0 && asJson == 0, errors + summary);
        using var document = JsonDocument.Parse(json);
        Assert.Equal(["lineA/part", "lineB/part"], document.RootElement.GetProperty("categories").EnumerateObject().Select(c => c.Name));
        foreach (string said in new[]
        {
            "lineA/part: 4 normal for training; test: 3 normal, 3 defective (blot 3); 3 with mask",
            "lineB/part: 4 normal for training; test: 3 normal, 3 defective (blot 3); 0 with mask, 3 without mask; ignored: 1 file "
                + "that is no image (notes.txt)",
            "is the same folder as",
        })
        {
            Assert.Contains(said, text, StringComparison.Ordinal);
            Assert.Contains(said, summary, StringComparison.Ordinal);
        }

        Assert.True(text.IndexOf("lineA/part: 4 normal", StringComparison.Ordinal) < text.IndexOf("s/img", StringComparison.Ordinal), text);
    }

    private static string? RealData()
    {
        if (Environment.GetEnvironmentVariable("MFPCLIP_DATA") is { Length: > 0 } chosen)
        {
            return Directory.Exists(chosen) ? chosen : null;
        }

        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "MfpClip.sln")))
            {
                string beside = Path.Combine(folder.FullName, "..", "shared", "data");
                return Directory.Exists(beside) ? Path.GetFullPath(beside) : null;
            }
        }

        return null;
    }

    [Fact]
    public void Fit_makes_a_file_and_a_calibration_goes_on_with_new_photos_and_names_what_it_left_out()
    {
        Category("nut");
        string good = Path.Combine(_folder, "nut", "train", "good");
        string file = Path.Combine(_folder, "r.safetensors"), calibration = Path.Combine(_folder, "c.json");
        string[] model = ["--method", "anomaly-dino", "--weights", "random:dinov2-tiny", "--image-size", "56"];

        var (code, text, errors) = Run(["fit", good, "--out", file, "--calibration-out", calibration, "--json", .. model]);
        File.WriteAllText(Path.Combine(good, "broken.png"), "no image");
        var (more, again, named) = Run(["fit", good, Path.Combine(_folder, "nut", "test", "good"), "--out", file, "--json", .. model]);
        var (detected, _, problems) = Run(
            ["detect", Path.Combine(_folder, "nut", "test", "blot"), "--references", file, "--out", Path.Combine(_folder, "out"), .. model]);
        var (refused, _, reason) = Run(["fit", good, "--out", Path.Combine(_folder, "r.json"), .. model]);

        Assert.True(code == 0 && File.Exists(calibration), errors);
        Assert.True(more == 3, named);
        Assert.True(detected == 0, problems);
        using var first = JsonDocument.Parse(text);
        using var second = JsonDocument.Parse(again);
        Assert.Equal((4, 4), (first.RootElement.GetProperty("images").GetInt32(), first.RootElement.GetProperty("computed").GetInt32()));
        Assert.Equal((7, 3), (second.RootElement.GetProperty("images").GetInt32(), second.RootElement.GetProperty("computed").GetInt32()));
        Assert.Contains("broken.png", named, StringComparison.Ordinal);
        Assert.Equal(2, refused);
        Assert.Contains(".safetensors", reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("anomaly-dino", "--weights", "random:dinov2-tiny", "--image-size", "56")]
    [InlineData("patchcore", "--cnn", "random:resnet18", "--image-size", "64")]
    public void Several_numbers_of_normal_images_make_one_table_and_methods_that_need_some_refuse_none(string method, params string[] network)
    {
        Category("nut");
        string output = Path.Combine(_folder, "out");
        string[] all = ["evaluate", "--data", Path.Combine(_folder, "nut"), "--method", method, .. network, "--out", output, "--json"];

        var (code, text, errors) = Run([.. all, "--shots", "1", "2,all", "--shot-seeds", "0,1"]);
        var (refused, _, reason) = Run([.. all, "--shots", "0,1"]);
        var (none, _, why) = Run(all);

        Assert.True(code == 0, errors);
        using var json = JsonDocument.Parse(text);
        var shots = json.RootElement.GetProperty("shots").EnumerateArray().ToList();
        Assert.Equal(["1", "2", "all"], shots.Select(s => s.GetProperty("shots").GetString()));
        Assert.Equal([2, 2, 1], shots.Select(s => s.GetProperty("mean").GetProperty("image_auroc").GetProperty("runs").GetInt32()));
        Assert.Equal(4, shots[2].GetProperty("references")[0].GetProperty("nut").GetArrayLength());
        Assert.True(File.Exists(Path.Combine(output, "shots.svg")));
        Assert.True(refused == 2 && none == 2);
        Assert.Contains("leave 0 out of --shots", reason, StringComparison.Ordinal);
        Assert.Contains("say how many with --shots", why, StringComparison.Ordinal);
    }

    private void Category(string path, bool masks = true)
    {
        for (int i = 0; i < 4; i++)
        {
            Picture($"{path}/train/good/{i}.png", i, null, false);
        }

        for (int i = 0; i < 3; i++)
        {
            Picture($"{path}/test/good/{i}.png", 10 + i, null, false);
            Picture($"{path}/test/blot/{i}.png", 20 + i, 4 + i, false);
            if (masks)
            {
                Picture($"{path}/ground_truth/blot/{i}_mask.png", 0, 4 + i, true);
            }
        }
    }

    private void Picture(string path, int seed, int? blot, bool mask)
    {
        const int side = 40;
        var random = new Random(path.Aggregate(seed, (h, c) => unchecked((h * 31) + c)));
        var pixels = new byte[side * side * 3];
        for (int i = 0; i < side * side; i++)
        {
            bool inside = blot is { } b && i % side >= b && i % side < b + 10 && i / side >= b && i / side < b + 10;
            pixels.AsSpan(3 * i, 3).Fill(mask ? (byte)(inside ? 255 : 0) : (byte)(inside ? 20 : random.Next(150, 200)));
        }

        MapFiles.WritePng(Path.Combine(_folder, path), new(side, side, pixels));
    }

    private static (int Code, string Output, string Errors) Run(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet",
            [Path.Combine(AppContext.BaseDirectory, "MfpClip.Cli.dll"), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["HF_HUB_OFFLINE"] = "1";
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.Result);
    }
}
