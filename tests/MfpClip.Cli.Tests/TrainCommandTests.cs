using System.Diagnostics;
using System.Text.Json;

namespace MfpClip.Cli.Tests;

/// <summary>Training as a user runs it, with random weights of the smallest size.</summary>
public sealed class TrainCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Train_writes_modules_that_detect_takes()
    {
        string output = Path.Combine(_folder, "run");
        var (code, text, errors) = Run([.. Small(output, epochs: 2), "--json"]);
        Assert.True(code == 0, errors);
        using var json = JsonDocument.Parse(text);
        Assert.True(json.RootElement.GetProperty("complete").GetBoolean());
        Assert.Equal(2, json.RootElement.GetProperty("epochs").GetArrayLength());
        Assert.True(json.RootElement.GetProperty("peak_memory_bytes").GetInt64() > 1 << 20);
        string modules = json.RootElement.GetProperty("modules").GetString()!;
        foreach (string file in new[] { "modules.safetensors", "checkpoint.safetensors", "training.json", "curves.png" })
        {
            Assert.True(File.Exists(Path.Combine(output, file)), file);
        }

        Assert.Single(Directory.GetFiles(output, "events.out.tfevents.*"));
        var (detected, _, detectErrors) = Run(
            "detect", "--weights", "random:tiny", "--image-size", "56", "--modules", modules, "--out", Path.Combine(_folder, "maps"));
        Assert.True(detected == 0, detectErrors);
        var (again, _, refusal) = Run([.. Small(output, epochs: 2)]);
        Assert.Equal(1, again);
        Assert.Contains("holds a training already", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void A_training_that_is_killed_twice_ends_with_the_bytes_of_one_that_was_not()
    {
        const int epochs = 12;
        string whole = Path.Combine(_folder, "whole"), killed = Path.Combine(_folder, "killed");
        Assert.Equal(0, Run([.. Small(whole, epochs), "--json"]).Code);
        long before = 0;
        for (int kill = 0; kill < 2; kill++)
        {
            long steps = KillInMidEpoch(
                [.. Small(killed, epochs), "--resume", "--checkpoint-every", "1"], Path.Combine(killed, "checkpoint.safetensors"), before + 4);
            Assert.InRange(steps, before + 4, (epochs * 6) - 1);
            before = steps;
        }

        var (code, output, errors) = Run([.. Small(killed, epochs), "--resume", "--json"]);

        Assert.True(code == 0, errors);
        using var json = JsonDocument.Parse(output);
        Assert.Equal(epochs * 6, json.RootElement.GetProperty("steps").GetInt64());
        Assert.Equal(File.ReadAllBytes(Path.Combine(whole, "modules.safetensors")), File.ReadAllBytes(Path.Combine(killed, "modules.safetensors")));
    }

    [Fact]
    public void Data_of_the_field_is_trained_on_and_recorded()
    {
        string set = Path.Combine(_folder, "set");
        string[] images = Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "images"), "*.png");
        foreach (string kind in new[] { "good", "broken" })
        {
            Directory.CreateDirectory(Path.Combine(set, "part", "test", kind));
            File.Copy(images[kind == "good" ? 0 : 1], Path.Combine(set, "part", "test", kind, "000.png"));
        }

        string output = Path.Combine(_folder, "run");
        var (code, text, errors) = Run("train", "--weights", "random:tiny", "--image-size", "56", "--data", set, "--epochs", "1", "--out", output);

        Assert.True(code == 0, errors);
        Assert.Contains("RANDOM weights", text, StringComparison.Ordinal);
        using var manifest = JsonDocument.Parse(File.ReadAllText(Path.Combine(output, "training.json")));
        var auxiliary = manifest.RootElement.GetProperty("auxiliary")[0];
        Assert.Equal("part", auxiliary.GetProperty("category").GetString());
        Assert.Equal(2, auxiliary.GetProperty("image_hashes").GetArrayLength());
        // The defective image has no mask: it counts for the score only, the good one for both.
        Assert.Equal(2, manifest.RootElement.GetProperty("steps").GetInt32());
    }

    [Theory]
    [InlineData(1, "there is no such file or folder", "--data", "/nowhere")]
    [InlineData(2, "no procedural category 'unicorn'", "--categories", "unicorn")]
    [InlineData(2, "BatchSize is 0", "--batch-size", "0")]
    [InlineData(2, "no module 'xyz'", "--train-modules", "xyz")]
    [InlineData(2, "no size 'huge'", "--weights", "random:huge")]
    public void Errors_are_one_line(int exit, string expected, params string[] arguments)
    {
        string[] weights = arguments[0] == "--weights" ? [] : ["--weights", "random:tiny"];
        var (code, _, errors) = Run(["train", .. weights, "--image-size", "56", "--out", Path.Combine(_folder, "run"), .. arguments]);
        Assert.Equal(exit, code);
        Assert.Contains(expected, errors, StringComparison.Ordinal);
        Assert.Single(errors.Split('\n'), l => l.StartsWith("error: ", StringComparison.Ordinal));
    }

    private static string[] Small(string output, int epochs) =>
    [
        "train", "--weights", "random:tiny", "--image-size", "56", "--data", "procedural", "--categories", "fabric", "gear", "--images-per-category", "6",
        "--render-size", "64", "--batch-size", "2", "--epochs", $"{epochs}", "--out", output, "--seed", "5",
    ];

    /// <summary>
    /// Starts a training, kills it (SIGKILL on Unix) once it has done so many steps and is inside an epoch; gives the steps of its last checkpoint.
    /// </summary>
    private static long KillInMidEpoch(string[] arguments, string checkpoint, long steps)
    {
        var start = new ProcessStartInfo("dotnet",
            [Path.Combine(AppContext.BaseDirectory, "MfpClip.Cli.dll"), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        _ = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        var limit = Stopwatch.StartNew();
        while (State(checkpoint) is not { Step: > 0 } state || state.TotalSteps < steps)
        {
            Assert.False(process.HasExited, process.HasExited ? $"it ended before it was killed: {errors.Result}" : string.Empty);
            Assert.True(limit.Elapsed < TimeSpan.FromMinutes(3), "no checkpoint came");
        }

        process.Kill();
        process.WaitForExit();
        Assert.NotEqual(0, process.ExitCode);
        return State(checkpoint)!.TotalSteps;
    }

    // The header of a safetensors file is JSON behind eight bytes of length.
    private static Position? State(string checkpoint)
    {
        try
        {
            using var file = new FileStream(checkpoint, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new BinaryReader(file);
            using var header = JsonDocument.Parse(reader.ReadBytes((int)reader.ReadInt64()));
            return JsonSerializer.Deserialize<Position>(header.RootElement.GetProperty("__metadata__").GetProperty("state").GetString()!);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
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

    private sealed record Position(int Epoch, int Step, long TotalSteps);
}
