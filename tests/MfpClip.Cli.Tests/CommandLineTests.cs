using System.Diagnostics;
using System.Text.Json;

namespace MfpClip.Cli.Tests;

/// <summary>The command line as a user runs it: its own process, its own streams.</summary>
public sealed class CommandLineTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Detect_without_anything_finds_the_defects_on_the_samples_with_the_default_model_and_writes_a_report()
    {
        var (code, output, _) = Run("detect", "--json", "--out", _folder);

        Assert.Equal(0, code);
        using var json = JsonDocument.Parse(output);
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("notice").ValueKind);
        var scores = json.RootElement.GetProperty("results").EnumerateArray().ToLookup(
            r => Path.GetFileNameWithoutExtension(r.GetProperty("image").GetString()!).Split('-')[0],
            r => (Good: r.GetProperty("image").GetString()!.Contains("-good", StringComparison.Ordinal), Score: r.GetProperty("score").GetDouble()));
        Assert.All(scores, c => Assert.True(c.Where(s => !s.Good).Min(s => s.Score) > c.Where(s => s.Good).Max(s => s.Score), c.Key));
        Assert.DoesNotContain("RANDOM weights", File.ReadAllText(Path.Combine(_folder, "report.html")), StringComparison.Ordinal);
    }

    [Fact]
    public void Detect_with_random_weights_says_so_in_text_and_report()
    {
        var (code, output, _) = Run("detect", "--weights", "random:small", "--out", _folder);

        Assert.Equal(0, code);
        Assert.Contains("RANDOM weights", output, StringComparison.Ordinal);
        Assert.True(Directory.GetFiles(_folder, "*.overlay.png").Length >= 6);
        string report = File.ReadAllText(Path.Combine(_folder, "report.html"));
        Assert.Contains("RANDOM weights", report, StringComparison.Ordinal);
        Assert.Contains("src=\"data:image/", report, StringComparison.Ordinal);
        Assert.DoesNotContain("src=\"http", report, StringComparison.Ordinal);
    }

    [Fact]
    public void Detect_goes_on_after_an_unreadable_photo_and_ends_with_3()
    {
        string photos = Path.Combine(_folder, "photos");
        Directory.CreateDirectory(photos);
        File.Copy(Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "images"), "*.png")[0], Path.Combine(photos, "a.png"));
        File.WriteAllText(Path.Combine(photos, "b.png"), "no picture");

        var (code, output, errors) = Run("detect", photos, "--json", "--raw", "--out", Path.Combine(_folder, "out"));

        using var json = JsonDocument.Parse(output);
        Assert.Equal(3, code);
        Assert.Equal(1, json.RootElement.GetProperty("results").GetArrayLength());
        Assert.Equal(1, json.RootElement.GetProperty("failures").GetArrayLength());
        Assert.Contains("b.png", errors, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(_folder, "out", "a.map.npy")));
    }

    [Theory]
    [InlineData(4, "error: Image '/nowhere.png'", "detect", "/nowhere.png")]
    [InlineData(2, "there is no file or folder 'absent.pt'", "describe", "--weights", "absent.pt")]
    [InlineData(1, "not in the catalogue", "models", "get", "nothing")]
    [InlineData(2, "Unrecognized", "frobnicate")]
    [InlineData(2, "There is no option '--treshold'. See 'mfpclip detect --help'", "detect", "--treshold", "0.5")]
    [InlineData(2, "There is no method 'nothing'; choose winclip, april-gan", "describe", "--method", "nothing")]
    [InlineData(2, "WinCLIP reads no CNN", "describe", "--method", "winclip", "--cnn", "resnet50.pth")]
    [InlineData(2, "precision 'int3'", "describe", "--precision", "int3")]
    [InlineData(1, "'gpu' is unknown", "check", "--device", "gpu")]
    public void Errors_are_one_line_and_an_exit_code(int exit, string expected, params string[] arguments)
    {
        var (code, _, errors) = Run(arguments);

        Assert.Equal(exit, code);
        Assert.Contains(expected, errors, StringComparison.Ordinal);
        Assert.Single(errors.Split('\n'), l => l.StartsWith("error: ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("check")]
    [InlineData("describe")]
    [InlineData("models", "list")]
    [InlineData("methods", "list")]
    public void Every_command_speaks_json(params string[] arguments)
    {
        var (code, output, errors) = Run([.. arguments, "--json"]);

        Assert.True(code == 0, errors);
        using var json = JsonDocument.Parse(output);
    }

    [Fact]
    public void Every_method_that_is_listed_can_be_composed()
    {
        using var list = JsonDocument.Parse(Run("methods", "list", "--json").Output);
        foreach (var method in list.RootElement.EnumerateArray())
        {
            string key = method.GetProperty("key").GetString()!;
            string[] network = key == "patchcore" ? ["--cnn", "random:resnet18"] : ["--weights", "random:tiny"]; // it runs on a CNN alone
            var (code, output, errors) = Run(["describe", "--method", key, .. network, "--json"]);

            Assert.True(code == 0, errors);
            using var description = JsonDocument.Parse(output);
            Assert.StartsWith(method.GetProperty("name").GetString()!, description.RootElement.GetProperty("method").GetString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_custom_module_sample_runs()
    {
        var (code, output, errors) = Start("MfpClip.CustomModule.dll");

        Assert.True(code == 0, errors);
        Assert.Contains("contrast (sample)", output, StringComparison.Ordinal);
    }

    private static (int Code, string Output, string Errors) Run(params string[] arguments) => Start("MfpClip.Cli.dll", arguments);

    private static (int Code, string Output, string Errors) Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet",
            [Path.Combine(AppContext.BaseDirectory, program), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["HF_HUB_OFFLINE"] = "1";
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.Result);
    }
}
