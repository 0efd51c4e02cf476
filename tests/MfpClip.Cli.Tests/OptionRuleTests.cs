using System.Diagnostics;

namespace MfpClip.Cli.Tests;

/// <summary>Options that would have no effect are refused with the reason, before anything is read or computed.</summary>
public sealed class OptionRuleTests
{
    [Theory]
    [InlineData("--reference-weight has no effect without --references", "detect", "--reference-weight", "0.5")]
    [InlineData("--save-references has no effect without --references", "detect", "--save-references", "bank.safetensors")]
    [InlineData("--fail-on-anomaly has no effect without --calibration", "detect", "--fail-on-anomaly", "--weights", "random:tiny")]
    [InlineData("--class has no effect", "detect", "--method", "anomalyclip", "--weights", "random:tiny", "--class", "nut")]
    [InlineData("WinCLIP has no trained modules", "detect", "--method", "winclip", "--weights", "random:tiny", "--modules", "m.safetensors")]
    [InlineData("leave --cnn out", "detect", "--cnn", "resnet50.safetensors")]
    [InlineData("--reference-weight has no effect without --references", "describe", "--reference-weight", "0.5")]
    [InlineData("--reference-weight has no effect without --references", "calibrate", "--good", "x", "--reference-weight", "0.5")]
    [InlineData("--reference-weight has no effect without --shots", "evaluate", "--data", "x", "--reference-weight", "0.5")]
    [InlineData("--shots is 'b'; it must be numbers of 0 and more, or all", "evaluate", "--data", "x", "--shots", "1,b")]
    [InlineData("--shot-seeds has no effect without --shots", "evaluate", "--data", "x", "--shot-seeds", "0,1")]
    [InlineData("--modules has no effect", "evaluate", "--data", "x", "--baseline", "random", "--modules", "m.safetensors")]
    [InlineData("--weights has no effect", "evaluate", "--data", "x", "--baseline", "local-statistics", "--weights", "default")]
    [InlineData("--scales has no effect", "evaluate", "--data", "x", "--baseline", "self-comparison", "--scales", "1")]
    [InlineData("--join-weights has no effect without --join", "detect", "x", "--join-weights", "random:dinov2-tiny")]
    [InlineData("--calibration has no effect in 'train'", "train", "--calibration", "c.json")]
    [InlineData("--feature-cache-gb has no effect without --feature-cache", "train", "--feature-cache-gb", "3")]
    [InlineData("--render-size has no effect", "train", "--data", "x", "--render-size", "64")]
    [InlineData("--from-scratch has no effect", "train", "--from-scratch", "--weights", "random:tiny")]
    [InlineData("--calibration has no effect in 'compare'", "compare", "--test", "x", "--calibration", "c.json")]
    [InlineData("--method has no effect in 'compare'", "compare", "--test", "x", "--method", "winclip")]
    [InlineData("--modules has no effect in 'compare'", "compare", "--test", "x", "--modules", "m.safetensors")]
    [InlineData("--modules has no effect in 'ablate'", "ablate", "--test", "x", "--modules", "m.safetensors")]
    [InlineData("--limit is 1; it must be at least 2", "ablate", "--test", "x", "--limit", "1")]
    [InlineData("--limit is 0; it must be at least 2", "compare", "--test", "x", "--limit", "0")]
    [InlineData("--limit is 1; it must be at least 2", "evaluate", "--data", "x", "--limit", "1")]
    [InlineData("--pictures has no effect without figure6", "ablate", "--test", "x", "--tables", "table3", "--pictures", "3")]
    [InlineData("--size has no effect with --from", "synthesize", "--from", "x", "--size", "64")]
    [InlineData("--train has no effect with --sheet", "synthesize", "--sheet", "s.png", "--train", "3")]
    [InlineData("--class has no effect without --from", "synthesize", "--class", "nut")]
    public void An_option_without_effect_is_refused(string expected, params string[] arguments)
    {
        var (code, errors) = Run(arguments);

        Assert.Contains(expected, errors, StringComparison.Ordinal);
        Assert.Equal(2, code);
        Assert.Single(errors.Split('\n'), l => l.StartsWith("error: ", StringComparison.Ordinal));
    }

    [Fact]
    public void Modules_that_were_trained_without_naming_weights_are_detected_with_in_the_same_way()
    {
        string folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;
        try
        {
            string run = Path.Combine(folder, "run"), modules = Path.Combine(run, "modules.safetensors");
            var (trained, problems) = Run(
                "train", "--image-size", "64", "--categories", "gear", "--images-per-category", "2", "--render-size", "64", "--epochs", "1", "--out", run);
            Assert.True(trained == 0, problems);

            var (code, errors) = Run("detect", "--image-size", "64", "--modules", modules, "--out", Path.Combine(folder, "maps"));

            Assert.True(code == 0, errors);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("WinCLIP does not judge by normal images", "--join", "winclip", "--references", ".")]
    [InlineData("AnomalyDINO compares with normal images", "--join", "anomaly-dino", "--join-weights", "random:dinov2-tiny")]
    [InlineData("name one with --join-cnn", "--join", "patchcore", "--references", ".")]
    public void A_joined_method_that_cannot_be_is_refused(string expected, params string[] arguments)
    {
        string folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;
        try
        {
            string photo = Path.Combine(folder, "a.png");
            MfpClip.Output.MapFiles.WritePng(photo, new RgbImage(32, 32, new byte[32 * 32 * 3]));

            var (code, errors) = Run(["detect", photo, "--out", Path.Combine(folder, "out"), .. arguments.Select(a => a == "." ? folder : a)]);

            Assert.Contains(expected, errors, StringComparison.Ordinal);
            Assert.Equal(2, code);
            Assert.False(Directory.Exists(Path.Combine(folder, "out")));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static (int Code, string Errors) Run(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "MfpClip.Cli.dll"), .. arguments])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        _ = output.Result;
        return (process.ExitCode, errors);
    }
}
