using System.Text.Json;

namespace MfpClip.Cli.Tests;

/// <summary>Evaluation and reports as a user runs them, with random weights of the smallest size.</summary>
public sealed class EvaluateCommandTests : CategoryCommands
{
    private static readonly string[] Keys =
        ["image_auroc", "image_ap", "image_f1max", "pixel_auroc", "pixel_ap", "pixel_f1max", "aupro", "images", "seconds_per_image"];

    [Fact]
    public void Evaluate_prints_one_object_with_exactly_the_documented_keys_and_report_renders_it_again()
    {
        Category("set/metal_nut");
        Category("set/cap", masks: false);
        string output = Path.Combine(Folder, "out");

        var (code, text, errors) = Run(["evaluate", "--data", Path.Combine(Folder, "set"), "--out", output, "--smooth", "--json", .. Weights]);

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

        string again = Path.Combine(Folder, "again");
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
        string output = Path.Combine(Folder, "out");

        var (code, text, errors) = Run(
            ["evaluate", "--data", Path.Combine(Folder, "one"), Path.Combine(Folder, "two"), "--cases", "0", "--out", output, "--json", .. Weights]);

        Assert.True(code == 0, errors);
        using var json = JsonDocument.Parse(text);
        Assert.Equal(["cap", "metal_nut"], json.RootElement.GetProperty("categories").EnumerateObject().Select(c => c.Name));
        Assert.DoesNotContain("<img", File.ReadAllText(Path.Combine(output, "report.html")), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(output, "*.jp*g", SearchOption.AllDirectories));
        Assert.Empty(Directory.GetFiles(output, "*.png", SearchOption.AllDirectories));
    }

    [SkippableFact]
    public void AFolder_of_real_data_sets_is_evaluated_category_by_category()
    {
        string? root = RealData();
        Skip.If(root is null, "The real images were not found: set MFPCLIP_DATA, or put them at ../shared/data beside the project.");
        var categories = Directory.GetDirectories(root!).SelectMany(Directory.GetDirectories).ToList();

        var (code, text, errors) = Run(["evaluate", "--data", root!, "--limit", "2", "--out", Path.Combine(Folder, "out"), "--json", .. Weights]);

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

        var (code, text, errors) = Run(["evaluate", "--data", Path.Combine(Folder, "metal_nut"), "--limit", "2", "--class", "hexagon", "--resolution", "image",
            "--out", Path.Combine(Folder, "out"), .. Weights]);

        Assert.True(code == 0, errors);
        Assert.Contains("metal_nut", text, StringComparison.Ordinal);
        string page = File.ReadAllText(Path.Combine(Folder, "out", "report.html"));
        Assert.Contains("class \"hexagon\", 1 normal and 1 defective images", page.Replace("&quot;", "\"", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void Testing_on_what_the_modules_were_trained_on_is_refused()
    {
        Category("nut");
        Category("other/cap");
        string run = Path.Combine(Folder, "run");
        var (trained, _, problems) = Run(["train", "--data", Path.Combine(Folder, "nut"), "--epochs", "1", "--out", run, .. Weights]);
        Assert.True(trained == 0, problems);
        string[] modules = ["--modules", Path.Combine(run, "modules.safetensors"), "--out", Path.Combine(Folder, "out"), "--json"];

        var (refused, _, reason) = Run(["evaluate", "--data", Path.Combine(Folder, "nut"), .. modules, .. Weights]);
        var (allowed, text, errors) = Run(["evaluate", "--data", Path.Combine(Folder, "other", "cap"), .. modules, .. Weights]);

        Assert.Equal(1, refused);
        Assert.Contains("not be zero-shot", reason, StringComparison.Ordinal);
        Assert.True(allowed == 0, errors);
        Assert.Contains("/nut (10 images, sha256 ", text, StringComparison.Ordinal);
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
        string[] random = arguments[0] is "report" or "baselines" ? [] : [.. Weights];

        var (code, _, errors) = Run([.. arguments.Select(a => a == "{set}" ? Path.Combine(Folder, "set") : a), .. random]);

        Assert.Equal(exit, code);
        Assert.Contains(expected, errors, StringComparison.Ordinal);
        Assert.Single(errors.Split('\n'), l => l.StartsWith("error: ", StringComparison.Ordinal));
    }

    [Fact]
    public void Data_of_equal_names_has_rows_of_its_own_and_is_described_before_the_work()
    {
        Category("lineA/part");
        Category("lineB/part", masks: false);
        File.WriteAllText(Path.Combine(Folder, "lineB", "part", "test", "blot", "notes.txt"), "not an image");
        string[] arguments = ["evaluate", "--data", Path.Combine(Folder, "lineA"), Path.Combine(Folder, "lineB"), Path.Combine(Folder, "lineA") + "/",
            "--baseline", "random", "--cases", "0", "--out", Path.Combine(Folder, "out")];

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
}
