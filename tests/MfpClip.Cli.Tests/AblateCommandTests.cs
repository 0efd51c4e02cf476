using System.Diagnostics;
using System.Text.Json;

namespace MfpClip.Cli.Tests;

/// <summary>An ablation as a user runs it, with random weights of the smallest size.</summary>
public sealed class AblateCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Ablate_prints_the_papers_table_and_does_not_run_twice()
    {
        string test = Path.Combine(_folder, "test"), output = Path.Combine(_folder, "out");
        string[] images = [.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "images"), "*.png").Order(StringComparer.Ordinal).Take(4)];
        for (int i = 0; i < images.Length; i++)
        {
            string kind = Path.Combine(test, "part", "test", i % 2 == 0 ? "good" : "broken");
            Directory.CreateDirectory(kind);
            File.Copy(images[i], Path.Combine(kind, $"{i}.png"));
        }

        string[] arguments =
        [
            "ablate", "--weights", "random:tiny", "--image-size", "56", "--test", test, "--tables", "table3", "figure6", "--seeds", "4", "5", "--epochs", "1",
            "--categories", "gear", "--images-per-category", "2", "--render-size", "64", "--pictures", "1", "--out", output, "--json",
        ];
        var (code, text, errors) = Run(arguments);

        Assert.True(code == 0, errors);
        using var json = JsonDocument.Parse(text);
        Assert.Contains("RANDOM", json.RootElement.GetProperty("notice").GetString(), StringComparison.Ordinal);
        var rows = json.RootElement.GetProperty("tables")[0].GetProperty("rows");
        Assert.Equal(["N = 3", "N = 1", "N = 5"], rows.EnumerateArray().Select(r => r.GetProperty("name").GetString()));
        Assert.InRange(rows[0].GetProperty("metrics").GetProperty("image_auroc").GetProperty("mean").GetDouble(), 0, 1);
        // No masks: pixel metrics are not available, rather than invented.
        Assert.Equal(JsonValueKind.Null, rows[0].GetProperty("metrics").GetProperty("pixel_auroc").GetProperty("mean").ValueKind);
        Assert.Equal(2 * 4, Directory.GetFiles(output, "result.json", SearchOption.AllDirectories).Length); // N = 3 is figure 6's line with MP
        Assert.True(File.Exists(Path.Combine(output, "figure6.png")));
        var written = Directory.GetFiles(output, "result.json", SearchOption.AllDirectories).ToDictionary(f => f, File.GetLastWriteTimeUtc);

        Assert.Equal(0, Run(arguments).Code);

        Assert.All(written, w => Assert.Equal(w.Value, File.GetLastWriteTimeUtc(w.Key)));
    }

    [SkippableFact]
    public void Ablate_takes_the_default_model_with_modules_from_scratch_and_ends_trainings_early()
    {
        Skip.IfNot(TinyModel.IsAvailable, "This build carries no weights: see docs/tiny-model.md.");
        string test = Path.Combine(_folder, "test"), output = Path.Combine(_folder, "out");
        string[] images = [.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "images"), "*.png").Order(StringComparer.Ordinal).Take(2)];
        for (int i = 0; i < images.Length; i++)
        {
            string kind = Path.Combine(test, "part", "test", i % 2 == 0 ? "good" : "broken");
            Directory.CreateDirectory(kind);
            File.Copy(images[i], Path.Combine(kind, $"{i}.png"));
        }

        var (code, text, errors) = Run(
            "ablate", "--weights", "default", "--image-size", "64", "--test", test, "--tables", "figure6", "--seeds", "4", "5", "--max-steps", "2",
            "--categories", "gear", "--images-per-category", "4", "--render-size", "64", "--pictures", "0", "--feature-cache",
            Path.Combine(_folder, "features"), "--out", output, "--json");

        Assert.True(code == 0, errors);
        using var json = JsonDocument.Parse(text);
        Assert.Contains("stopped after 2 steps", json.RootElement.GetProperty("settings")[0].GetString(), StringComparison.Ordinal);
        Assert.Contains("--max-steps 2", json.RootElement.GetProperty("command").GetString(), StringComparison.Ordinal);
        var manifests = Directory.GetFiles(output, "training.json", SearchOption.AllDirectories)
            .Select(f => JsonDocument.Parse(File.ReadAllText(f)).RootElement).ToList();
        Assert.All(manifests, m => Assert.Equal(2, m.GetProperty("steps").GetInt32()));
        // each line and seed starts elsewhere
        Assert.Equal(4, manifests.Select(m => m.GetProperty("hashes").GetProperty("start").GetString()).Distinct().Count());
    }

    [Fact]
    public void Ablate_without_a_cnn_says_what_to_do()
    {
        var (code, _, errors) = Run("ablate", "--test", _folder, "--weights", _folder);
        Assert.Equal(2, code);
        Assert.Contains("--cnn", errors, StringComparison.Ordinal);
    }

    private static (int Code, string Output, string Errors) Run(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet",
            [Path.Combine(AppContext.BaseDirectory, "MfpClip.Cli.dll"), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.Result);
    }
}
