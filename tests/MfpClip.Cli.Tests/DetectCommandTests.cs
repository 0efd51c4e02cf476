using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using MfpClip.Output;

namespace MfpClip.Cli.Tests;

/// <summary><c>detect</c> over folders of which something fails: one bad image or output ends nothing, and what was found is there as data.</summary>
public sealed class DetectCommandTests : IDisposable
{
    private static readonly string[] Random = ["--weights", "random:tiny", "--image-size", "56"];
    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;

    private string Out => Path.Combine(_folder, "out");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Names_that_cannot_be_names_of_outputs_are_shortened()
    {
        string chinese = new('检', 69), ascii = new('a', 251), family = string.Concat(Enumerable.Repeat("👩‍👩‍👧", 13));
        string[] names = [chinese, ascii, ascii[..250] + "b", family, "CON", "com1.left", "a:b", "dot.", "part", "PART"];
        foreach (string name in names)
        {
            Photo($"{name}.png");
        }

        Photo("cam2/part.png");
        Photo("cam2/检.png");

        var (code, output, errors) = Run(["detect", Photos, "--raw", "--export", "labelme", "--out", Out, "--json", .. Random]);

        Assert.True(code == 0, errors);
        using var json = JsonDocument.Parse(output);
        var overlays = json.RootElement.GetProperty("results").EnumerateArray().Select(r => r.GetProperty("overlay").GetString()!).ToList();
        Assert.Equal(names.Length + 2, overlays.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        var files = Written().ToList();
        Assert.Equal((5 * overlays.Count) + 4, files.Count);
        Assert.All(files, f => Assert.InRange(Encoding.UTF8.GetByteCount(f), 1, 255));
        Assert.All(files, f => Assert.DoesNotContain(f, c => "<>:\"|?*".Contains(c)));
        Assert.DoesNotContain(files, f => f.StartsWith("CON.", StringComparison.Ordinal) || f.StartsWith("com1.", StringComparison.Ordinal));
        Assert.Contains("检.overlay.png", files);
        Assert.Contains(files, f => f.StartsWith(new string('检', 60), StringComparison.Ordinal));
        Assert.Equal(overlays.Count + 1, File.ReadAllLines(Path.Combine(Out, "results.csv")).Length);

        // The same names in a second run.
        Assert.Equal(0, Run(["detect", Photos, "--out", Out, .. Random]).Code);
        Assert.Equal(files.Order(), Written().Order());
    }

    [Fact]
    public void An_output_that_cannot_be_written_fails_for_its_image_only()
    {
        foreach (string name in new[] { "a", "b", "c" })
        {
            Photo($"{name}.png");
        }

        Directory.CreateDirectory(Path.Combine(Out, "b.overlay.png"));

        var (code, output, errors) = Run(["detect", Photos, "--out", Out, "--json", .. Random]);

        Assert.Equal(3, code);
        Assert.Contains("b.overlay.png", errors, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(output);
        Assert.Equal(3, json.RootElement.GetProperty("results").GetArrayLength());
        Assert.Contains("b.overlay.png", json.RootElement.GetProperty("failures")[0].GetString(), StringComparison.Ordinal);
        foreach (string file in new[] { "a.overlay.png", "c.overlay.png", "b.heatmap.png", "report.html", "results.csv", "results.json", "overview.png" })
        {
            Assert.True(File.Exists(Path.Combine(Out, file)), file);
        }

        string[] lines = File.ReadAllLines(Path.Combine(Out, "results.csv"));
        Assert.Equal("image,class,score,calibrated_score,decision,threshold,regions,milliseconds,error", lines[0]);
        Assert.Equal(4, lines.Length);
        string[] row = lines.Single(l => l.Contains("b.png", StringComparison.Ordinal)).Split(',', 9);
        Assert.InRange(double.Parse(row[2], CultureInfo.InvariantCulture), 0, 1);
        Assert.Contains("cannot be written", row[8], StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(Out, "*.tmp"));
    }

    [Fact]
    public void A_report_that_cannot_be_written_is_said_and_the_rest_is_there()
    {
        Photo("a.png");
        Directory.CreateDirectory(Path.Combine(Out, "report.html", "x"));

        var (code, output, errors) = Run(["detect", Photos, "--out", Out, .. Random]);

        Assert.Equal(1, code);
        Assert.Contains("report.html", errors, StringComparison.Ordinal);
        Assert.Contains("No report was written", output, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(Out, "a.overlay.png")));
        Assert.Equal(2, File.ReadAllLines(Path.Combine(Out, "results.csv")).Length);
    }

    [Fact]
    public void With_nothing_readable_nothing_is_written()
    {
        Directory.CreateDirectory(Photos);
        File.WriteAllText(Path.Combine(Photos, "a.png"), "no picture");

        var (code, _, errors) = Run(["detect", Photos, "--out", Out, .. Random]);

        Assert.Equal(4, code);
        Assert.Contains("a.png", errors, StringComparison.Ordinal);
        Assert.Contains("No image could be read", errors, StringComparison.Ordinal);
        Assert.False(Path.Exists(Out));
    }

    [Fact]
    public void A_path_that_is_not_there_does_not_end_the_others()
    {
        string photo = Photo("a.png");

        var (code, output, errors) = Run(["detect", "/nowhere.png", photo, "--out", Out, "--json", .. Random]);

        Assert.Equal(3, code);
        Assert.Contains("'/nowhere.png'", errors, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(output);
        Assert.Equal(photo, json.RootElement.GetProperty("results")[0].GetProperty("image").GetString());
    }

    [Fact]
    public void A_reference_that_cannot_be_read_is_left_out_and_named()
    {
        string photo = Photo("a.png"), references = Path.Combine(_folder, "references");
        Directory.CreateDirectory(references);
        File.Copy(Sample("wood-good"), Path.Combine(references, "good.png"));
        File.WriteAllText(Path.Combine(references, "torn.png"), "no picture");

        var (code, output, errors) = Run(["detect", photo, "--references", references, "--out", Out, "--json", .. Random]);

        Assert.Equal(3, code);
        Assert.Contains("torn.png", errors, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(output);
        Assert.Equal(1, json.RootElement.GetProperty("references").GetArrayLength());
        Assert.Equal(1, json.RootElement.GetProperty("results").GetArrayLength());
    }

    [Fact]
    public void A_photo_that_cannot_be_read_does_not_end_a_calibration()
    {
        Photo("a.png");
        Photo("b.png");
        File.WriteAllText(Path.Combine(Photos, "torn.png"), "no picture");
        string calibration = Path.Combine(_folder, "calibration.json");

        var (code, output, errors) = Run(["calibrate", "--good", Photos, "--out", calibration, "--json", .. Random]);

        Assert.True(code == 3, errors);
        Assert.Contains("torn.png", errors, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(output);
        Assert.Equal(2, json.RootElement.GetProperty("good_images").GetInt32());
        Assert.True(File.Exists(calibration));
    }

    [Fact]
    public void Results_are_those_of_one_image_at_a_time()
    {
        string[] photos = [.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "images"), "*.png").Order(StringComparer.Ordinal).Take(4)];
        using var detector = new ZeroShotDetectorBuilder().UseDefaultModel().Build();

        var (code, _, errors) = Run(["detect", .. photos, "--out", Out, "--export", "coco", "labelme"]);

        Assert.True(code == 0, errors);
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(Out, "results.json")));
        var results = json.RootElement.GetProperty("results").EnumerateArray()
            .Select(r => r.GetProperty("result").Deserialize(AnomalyResultJsonContext.WithoutMaps.AnomalyResult)!).ToList();
        Assert.Equal(photos, results.Select(r => r.ImageName));
        foreach (var (photo, result) in photos.Zip(results))
        {
            // Another process may have chosen other kernels: the tolerance of docs/performance.md.
            var alone = detector.Detect(photo);
            Assert.Equal(alone.Score, result.Score, 1e-4f);
            Assert.Equal(alone.Regions.Select(r => (r.PeakX, r.PeakY)), result.Regions.Select(r => (r.PeakX, r.PeakY)));
        }

        AssertCoco(results);
        AssertLabelme(results[1]);
    }

    [Fact]
    public void The_exit_code_tells_an_anomaly_on_request()
    {
        string calibration = Path.Combine(_folder, "calibration.json"), good = Sample("wood-good"), bad = Sample("wood-stain");
        Assert.Equal(0, Run("calibrate", "--good", good, "--bad", bad, "--out", calibration).Code);

        Assert.Equal(5, Run("detect", bad, "--calibration", calibration, "--fail-on-anomaly", "--out", Out).Code);
        Assert.Equal(0, Run("detect", good, "--calibration", calibration, "--fail-on-anomaly", "--out", Out).Code);
        Assert.Equal(0, Run("detect", bad, "--calibration", calibration, "--out", Out).Code);
        var (code, _, errors) = Run(["detect", bad, "--fail-on-anomaly", "--out", Out, .. Random]);
        Assert.Equal(2, code);
        Assert.Contains("--calibration", errors, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void What_was_detected_before_an_interruption_is_reported()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no kill.");
        for (int i = 0; i < 150; i++)
        {
            Photo($"{i:000}.png");
        }

        using var process = Start("detect", Photos, "--out", Out, "--json");
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        var patience = Stopwatch.StartNew();
        while (!File.Exists(Path.Combine(Out, "002.overlay.png")) && !process.HasExited)
        {
            Assert.True(patience.Elapsed < TimeSpan.FromMinutes(3), "no overlay came");
            Thread.Sleep(5);
        }

        Process.Start("kill", ["-INT", $"{process.Id}"])!.WaitForExit();
        process.WaitForExit();

        Assert.True(process.ExitCode == 130, errors.Result);
        using var printed = JsonDocument.Parse(output.Result);
        int done = printed.RootElement.GetProperty("results").GetArrayLength();
        Assert.InRange(done, 1, 149);
        Assert.Equal(150 - done, printed.RootElement.GetProperty("not_done").GetInt32());
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(Out, "results.json")));
        Assert.Equal(done, json.RootElement.GetProperty("results").GetArrayLength());
        Assert.Contains($"Stopped after {done} of 150", json.RootElement.GetProperty("notice").GetString(), StringComparison.Ordinal);
        Assert.Equal(done + 1, File.ReadAllLines(Path.Combine(Out, "results.csv")).Length);
        Assert.True(File.Exists(Path.Combine(Out, "report.html")));
    }

    // Fields after the format's documentation; values after the results.
    private void AssertCoco(List<AnomalyResult> results)
    {
        using var coco = JsonDocument.Parse(File.ReadAllText(Path.Combine(Out, "coco.json")));
        var root = coco.RootElement;
        Assert.Equal(["annotations", "categories", "images", "info", "licenses"], root.EnumerateObject().Select(p => p.Name).Order());
        var images = root.GetProperty("images").EnumerateArray().ToList();
        Assert.Equal(results.Select(r => (r.ImageName.Replace('\\', '/'), r.ImageWidth, r.ImageHeight)), images.Select(
            i => (i.GetProperty("file_name").GetString()!, i.GetProperty("width").GetInt32(), i.GetProperty("height").GetInt32())));
        Assert.Equal(images.Count, images.Select(i => i.GetProperty("id").GetInt32()).Distinct().Count());
        var annotations = root.GetProperty("annotations").EnumerateArray().ToList();
        Assert.Equal(results.Sum(r => r.Regions.Count), annotations.Count);
        Assert.NotEmpty(annotations);
        Assert.Equal(annotations.Count, annotations.Select(a => a.GetProperty("id").GetInt32()).Distinct().Count());
        int category = root.GetProperty("categories")[0].GetProperty("id").GetInt32();
        foreach (var annotation in annotations)
        {
            int image = images.FindIndex(i => i.GetProperty("id").GetInt32() == annotation.GetProperty("image_id").GetInt32());
            int[] box = [.. annotation.GetProperty("bbox").EnumerateArray().Select(v => v.GetInt32())];
            var region = results[image].Regions.Single(r => (r.X, r.Y, r.Width, r.Height) == (box[0], box[1], box[2], box[3]));
            int[] polygon = [.. annotation.GetProperty("segmentation")[0].EnumerateArray().Select(v => v.GetInt32())];
            Assert.Equal(region.Contour.SelectMany(p => new[] { p.X, p.Y }), polygon);
            Assert.True(polygon.Length >= 8);
            Assert.Equal(region.Area, annotation.GetProperty("area").GetInt32());
            Assert.Equal(region.Peak, annotation.GetProperty("score").GetSingle());
            Assert.Equal(category, annotation.GetProperty("category_id").GetInt32());
            Assert.Equal(0, annotation.GetProperty("iscrowd").GetInt32());
        }
    }

    // Keys that labelme's LabelFile reads and writes.
    private void AssertLabelme(AnomalyResult result)
    {
        string folder = Path.Combine(Out, "labelme");
        using var file = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, Path.GetFileNameWithoutExtension(result.ImageName) + ".json")));
        var root = file.RootElement;
        Assert.Equal(
            ["flags", "imageData", "imageHeight", "imagePath", "imageWidth", "shapes", "version"], root.EnumerateObject().Select(p => p.Name).Order());
        Assert.Equal(JsonValueKind.Null, root.GetProperty("imageData").ValueKind);
        Assert.Equal(Path.GetFullPath(result.ImageName), Path.GetFullPath(Path.Combine(folder, root.GetProperty("imagePath").GetString()!)));
        Assert.Equal((result.ImageWidth, result.ImageHeight), (root.GetProperty("imageWidth").GetInt32(), root.GetProperty("imageHeight").GetInt32()));
        Assert.Equal(result.Regions.Count, root.GetProperty("shapes").GetArrayLength());
        foreach (var shape in root.GetProperty("shapes").EnumerateArray())
        {
            Assert.Equal(
                ["description", "flags", "group_id", "label", "mask", "points", "shape_type"], shape.EnumerateObject().Select(p => p.Name).Order());
            Assert.Equal("polygon", shape.GetProperty("shape_type").GetString());
            Assert.All(shape.GetProperty("points").EnumerateArray(), p => Assert.Equal(2, p.GetArrayLength()));
            Assert.True(shape.GetProperty("points").GetArrayLength() >= 4);
        }
    }

    // Without the mark of an output folder.
    private IEnumerable<string> Written() =>
        Directory.GetFiles(Out, "*", SearchOption.AllDirectories).Select(f => Path.GetFileName(f)!).Where(f => f[0] != '.');

    private string Photos => Path.Combine(_folder, "photos");

    private string Photo(string name)
    {
        string path = Path.Combine(Photos, name);
        MapFiles.WritePng(path, new(40, 30, [.. Enumerable.Range(0, 3600).Select(i => (byte)(i * 7))]));
        return path;
    }

    private static string Sample(string start) => Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "images"), $"{start}*.png").Single();

    private static (int Code, string Output, string Errors) Run(params string[] arguments)
    {
        using var process = Start(arguments);
        var errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.Result);
    }

    private static Process Start(params string[] arguments) =>
        Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "MfpClip.Cli.dll"), .. arguments])
    {
        RedirectStandardOutput = true, RedirectStandardError = true,
    })!;
}
