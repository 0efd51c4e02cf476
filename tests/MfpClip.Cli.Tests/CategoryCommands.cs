using System.Diagnostics;
using MfpClip.Output;

namespace MfpClip.Cli.Tests;

/// <summary>Commands over small categories that are drawn into a temporary folder.</summary>
public abstract class CategoryCommands : IDisposable
{
    protected static IReadOnlyList<string> Weights { get; } = ["--weights", "random:tiny", "--image-size", "56"];

    protected string Folder { get; } = Directory.CreateTempSubdirectory("mfpclip-").FullName;

    public void Dispose()
    {
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    protected void Category(string path, bool masks = true)
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

    protected void Picture(string path, int seed, int? blot, bool mask)
    {
        const int side = 40;
        var random = new Random(path.Aggregate(seed, (h, c) => unchecked((h * 31) + c)));
        var pixels = new byte[side * side * 3];
        for (int i = 0; i < side * side; i++)
        {
            bool inside = blot is { } b && i % side >= b && i % side < b + 10 && i / side >= b && i / side < b + 10;
            pixels.AsSpan(3 * i, 3).Fill(mask ? (byte)(inside ? 255 : 0) : (byte)(inside ? 20 : random.Next(150, 200)));
        }

        MapFiles.WritePng(Path.Combine(Folder, path), new(side, side, pixels));
    }

    protected static (int Code, string Output, string Errors) Run(params string[] arguments)
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
