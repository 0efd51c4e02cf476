using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace MfpClip.Cli.Tests;

/// <summary>Which images the commands take, what they say of the others, and how they read numbers.</summary>
public sealed class ImageInputTests : IDisposable
{
    private static readonly string[] _detector = ["--weights", "random:tiny", "--image-size", "56"];
    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [SkippableFact]
    public void Every_image_that_can_be_read_is_taken_whatever_its_extension()
    {
        string photos = Path.Combine(SharedCases.Folder("endings"), "photos");

        var (code, output, errors) = Run(["detect", photos, "--json", "--out", _folder, .. _detector]);

        Assert.True(code == 0, errors);
        Assert.Equal(9, Images(output).Count);
        Assert.True(File.Exists(Path.Combine(_folder, "001.overlay.png")), "the overlay of a TIFF");
    }

    [SkippableFact]
    public void Every_command_takes_the_same_images_and_no_hidden_ones()
    {
        string good = Path.Combine(SharedCases.Folder("hidden-files"), "part", "train", "good");

        var (code, output, errors) = Run(["detect", good, "--references", good, "--json", "--out", _folder, .. _detector]);
        var (calibrated, calibration, more) = Run(["calibrate", "--good", good, "--json", "--out", Path.Combine(_folder, "c.json"), .. _detector]);

        Assert.True(code == 0 && calibrated == 0, errors + more);
        Assert.Equal(["000.png", "001.png", "002.png"], Images(output));
        using var json = JsonDocument.Parse(output);
        Assert.Equal(3, json.RootElement.GetProperty("references").GetArrayLength());
        using var found = JsonDocument.Parse(calibration);
        Assert.Contains(found.RootElement.EnumerateObject(), p => p.Value.ValueKind == JsonValueKind.Number && p.Value.GetDouble() == 3);
    }

    [SkippableFact]
    public void Own_outputs_within_the_folder_are_not_read_when_it_is_read_a_second_time()
    {
        string photos = Path.Combine(_folder, "photos");
        Directory.CreateDirectory(photos);
        foreach (string file in Directory.GetFiles(SharedCases.Folder("own-outputs"), "*.png"))
        {
            File.Copy(file, Path.Combine(photos, Path.GetFileName(file)));
        }

        foreach (string output in new[] { Path.Combine(photos, "any-name"), photos, photos, Path.Combine(photos, "any-name") })
        {
            var (code, text, errors) = Run(["detect", photos, "--json", "--raw", "--out", output, .. _detector]);

            Assert.True(code == 0, errors);
            Assert.Equal(["000.png", "001.png"], Images(text));
        }
    }

    [SkippableFact]
    public void Each_photo_is_taken_once_whatever_links_there_are_and_what_is_missing_is_named()
    {
        Skip.If(OperatingSystem.IsWindows(), "Links need a privilege on Windows.");
        string photos = Path.Combine(_folder, "photos"), sub = Path.Combine(photos, "b");
        Directory.CreateDirectory(sub);
        string image = Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "images"), "*.png")[0];
        File.Copy(image, Path.Combine(photos, "part.png"));
        File.Copy(image, Path.Combine(sub, "part.png"));
        Directory.CreateSymbolicLink(Path.Combine(photos, "up"), "..");
        File.CreateSymbolicLink(Path.Combine(photos, "gone.png"), "nowhere.png");
        File.WriteAllText(Path.Combine(photos, "phone.heic"), "an image of a kind that is not read");

        var (code, output, errors) = Run(["detect", photos, "--out", Path.Combine(_folder, "out"), .. _detector]);

        Assert.NotEqual(0, code);
        Assert.Contains("b/part.png", output, StringComparison.Ordinal);
        Assert.Contains("1 link to a folder around it", output, StringComparison.Ordinal);
        Assert.Equal(2, Directory.GetFiles(Path.Combine(_folder, "out"), "*.overlay.png").Length);
        string[] lines = [.. errors.Split('\n').Where(l => l.StartsWith("error: ", StringComparison.Ordinal))];
        Assert.Equal(2, lines.Length);
        Assert.Contains("gone.png", lines[0], StringComparison.Ordinal);
        Assert.Contains("phone.heic", lines[1], StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("C")]
    [InlineData("de_DE.UTF-8")]
    public void Numbers_are_read_and_written_with_a_point_whatever_the_environment_says(string locale)
    {
        foreach (string kind in new[] { "good", "bad" })
        {
            string to = Path.Combine(_folder, "set", kind);
            Directory.CreateDirectory(to);
            foreach (string file in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "images"), "*.png").Take(2))
            {
                File.Copy(file, Path.Combine(to, kind + Path.GetFileName(file)));
            }
        }

        var (code, output, errors) = Run(["evaluate", "--data", Path.Combine(_folder, "set"), "--baseline", "random", "--smooth", "1.5", "--json",
            "--out", Path.Combine(_folder, "out")], locale);
        Skip.If(errors.Contains("ICU", StringComparison.Ordinal), "The runtime has no cultures here: libicu is absent.");

        Assert.True(code == 0, errors);
        JsonDocument.Parse(output).Dispose();
        string results = File.ReadAllText(Path.Combine(_folder, "out", "results.json"));
        Assert.Matches("\"smoothing_sigma\":\\s*\"1\\.5\"", results);
        Assert.Single(File.ReadLines(Path.Combine(_folder, "out", "results.csv")).Select(l => Regex.Replace(l, "\"[^\"]*\"", "quoted").Split(',').Length)
            .Distinct());
        var (refused, _, said) = Run(["evaluate", "--data", Path.Combine(_folder, "set"), "--baseline", "random", "--smooth", "1,5"], locale);
        Assert.NotEqual(0, refused);
        Assert.Contains("--smooth is '1,5'; it must be a number with a point", said, StringComparison.Ordinal);
    }

    private static IReadOnlyList<string?> Images(string json)
    {
        using var document = JsonDocument.Parse(json);
        return [.. document.RootElement.GetProperty("results").EnumerateArray().Select(r => Path.GetFileName(r.GetProperty("image").GetString()))];
    }

    private static (int Code, string Output, string Errors) Run(string[] arguments, string? locale = null)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "MfpClip.Cli.dll"), .. arguments])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        if (locale is not null)
        {
            start.Environment["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "false";
            start.Environment["LC_ALL"] = locale;
        }

        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.Result);
    }
}
