using System.Diagnostics;
using System.Text.Json;
using MfpClip.Output;

namespace MfpClip.Cli.Tests;

/// <summary>Calibrations and reference files from the command line, with random weights of the smallest size.</summary>
public sealed class CalibrateCommandTests : IDisposable
{
    private static readonly string[] Weights = ["--weights", "random:tiny", "--image-size", "56"];

    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;

    private string Good => Path.Combine(_folder, "good");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_category_is_calibrated_and_detected_with_the_same_class_words()
    {
        Photos("set/metal_nut/train/good", 4);
        Photos("set/metal_nut/test/good", 1, first: 10);
        Photos("set/metal_nut/test/bent", 1, first: 20);
        string calibration = Path.Combine(_folder, "c.json"), category = Path.Combine(_folder, "set", "metal_nut");

        using var made = Json("calibrate", "--data", category, "--out", calibration);
        using var found = Json("detect", Path.Combine(category, "train", "good"), "--calibration", calibration, "--out", Path.Combine(_folder, "m"));

        Assert.Equal("metal nut", made.RootElement.GetProperty("class_name").GetString());
        Assert.Contains("\"class_words\": \"metal nut\"", File.ReadAllText(calibration), StringComparison.Ordinal);
        Assert.All(found.RootElement.GetProperty("results").EnumerateArray(), r => Assert.False(r.GetProperty("anomalous").GetBoolean()));
        Refused("class_words: calibration has metal nut, the detector has object", "detect", Path.Combine(category, "train", "good"), "--class", "object",
            "--calibration", calibration);

        // 1 / (4 + 1), and 1 - 0.05^(1/4).
        var alarms = made.RootElement.GetProperty("false_alarms");
        Assert.Equal(0.2, alarms.GetProperty("expected").GetDouble(), 9);
        Assert.Equal(0.5271291954984121, alarms.GetProperty("upper").GetDouble(), 9);
    }

    [Fact]
    public void Another_detector_refuses_the_calibration_of_every_command()
    {
        string calibration = Path.Combine(_folder, "c.json");
        Photos("good", 3);
        using var made = Json("calibrate", "--good", Good, "--out", calibration);

        Refused("precision: calibration has float32, the detector has bfloat16", "detect", Good, "--calibration", calibration, "--precision", "bfloat16");
        Refused("method: calibration has mfp-clip, the detector has winclip", "detect", Good, "--calibration", calibration, "--method", "winclip");
        Refused("references: calibration has none, the detector has 3 images", "detect", Good, "--calibration", calibration, "--references", Good);
        Refused("scales: calibration has none, the detector has", "describe", "--calibration", calibration, "--scales", "0.5", "1");
    }

    [Fact]
    public void References_alone_calibrate_by_leaving_one_out()
    {
        Photos("good", 3);
        Photos("new", 2, first: 10);
        string calibration = Path.Combine(_folder, "c.json");

        using var made = Json("calibrate", "--references", Good, "--out", calibration);
        using var found = Json(
            "detect", Path.Combine(_folder, "new"), "--references", Good, "--calibration", calibration, "--out", Path.Combine(_folder, "m"));

        Assert.Equal(3, made.RootElement.GetProperty("good_images").GetInt32());
        Assert.Contains("leave-one-out", made.RootElement.GetProperty("notice").GetString(), StringComparison.Ordinal);
        Assert.Equal(2, found.RootElement.GetProperty("results").GetArrayLength());
    }

    [Fact]
    public void A_reference_file_is_listed_added_to_and_removed_from()
    {
        Photos("good", 3);
        Photos("more", 1, first: 10);
        string file = Path.Combine(_folder, "r.safetensors");

        using var added = Json("references", "add", file, Good, "--class", "nut");
        using var more = Json("references", "add", file, Path.Combine(_folder, "more"));
        using var listed = Only("references", "list", file);
        string second = Images(listed)[1].GetProperty("name").GetString()!, third = Images(listed)[2].GetProperty("name").GetString()!;
        using var removed = Only("references", "remove", file, "2", third);

        Assert.Equal((3, 4, 4, 2), (Images(added).Count, Images(more).Count, Images(listed).Count, Images(removed).Count));
        Assert.Equal("nut", listed.RootElement.GetProperty("class_name").GetString());
        Assert.Equal(listed.RootElement.GetProperty("tokens").GetInt32(), Images(listed).Sum(i => i.GetProperty("tokens").GetInt32()));
        Assert.DoesNotContain(Images(removed), i => i.GetProperty("name").GetString() == second || i.GetProperty("name").GetString() == third);

        byte[] before = File.ReadAllBytes(file);
        Refused("'9': it is not stored", "references", "remove", file, "9");
        Refused("none would be left", "references", "remove", file, "1", "2");
        RefusedOptions("has its class words in it", "references", "add", file, Good, "--class", "cap");
        Assert.Equal(before, File.ReadAllBytes(file));

        // A weight holds for a file, too; without references there is nothing to weigh.
        using var light = Json("detect", Good, "--references", file, "--reference-weight", "0", "--out", Path.Combine(_folder, "m"));
        using var heavy = Json("detect", Good, "--references", file, "--reference-weight", "1", "--out", Path.Combine(_folder, "m"));
        Assert.NotEqual(Score(light), Score(heavy));
        RefusedOptions("--reference-weight has no effect without --references", "detect", Good, "--reference-weight", "1");

        static double Score(JsonDocument d) => d.RootElement.GetProperty("results")[0].GetProperty("score").GetDouble();
    }

    [Theory]
    [InlineData("--data names its own images", "calibrate", "--data", "x", "--good", "y")]
    [InlineData("--labelled goes with --data", "calibrate", "--good", "y", "--labelled")]
    public void What_does_not_go_together_is_refused(string expected, params string[] arguments) => RefusedOptions(expected, arguments);

    [Fact]
    public void A_reference_file_has_no_photos_to_calibrate_with() => Refused("no normal images", "calibrate", "--references", "r.safetensors");

    private static List<JsonElement> Images(JsonDocument d) => [.. d.RootElement.GetProperty("images").EnumerateArray()];

    private void Photos(string folder, int count, int first = 0)
    {
        for (int i = 0; i < count; i++)
        {
            var pixels = new byte[40 * 40 * 3];
            new Random(first + i).NextBytes(pixels);
            MapFiles.WritePng(Path.Combine(_folder, folder, $"{first + i}.png"), new(40, 40, pixels));
        }
    }

    private static JsonDocument Json(params string[] arguments) => Only([.. arguments, .. Weights]);

    private static JsonDocument Only(params string[] arguments)
    {
        var (code, output, errors) = Run([.. arguments, "--json"]);
        Assert.True(code == 0, errors);
        return JsonDocument.Parse(output);
    }

    // Exit codes as --help documents them: 1 for an error, 2 for options that are wrong.
    private void Refused(string expected, params string[] arguments) => Ends(1, expected, arguments);

    private void RefusedOptions(string expected, params string[] arguments) => Ends(2, expected, arguments);

    private void Ends(int exitCode, string expected, string[] arguments)
    {
        string[] random = arguments[0] == "references" && arguments[1] != "add" ? [] : Weights;
        string[] output = arguments[0] == "detect" ? ["--out", Path.Combine(_folder, "m")] : [];
        var (code, _, errors) = Run([.. arguments, .. output, .. random]);
        Assert.Equal(exitCode, code);
        Assert.Contains(expected, errors, StringComparison.Ordinal);
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
