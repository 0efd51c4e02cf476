using SkiaSharp;

namespace MfpClip.Fuzz.Faults;

/// <summary>A command that writes: what it is started with at first, and what replaces its outputs.</summary>
/// <param name="Name">Of the command.</param>
/// <param name="Arguments">Given the folder of inputs, the output and whether it is the second run.</param>
internal sealed record FaultScenario(string Name, Func<string, string, bool, IReadOnlyList<string>> Arguments)
{
    private static readonly string[] Small = ["--weights", "random:tiny", "--image-size", "56"];

    // Trained on a few rendered images.
    private static readonly string[] Trained =
        [.. Small, "--data", "procedural", "--categories", "fabric", "--images-per-category", "4", "--render-size", "64", "--epochs", "1", "--max-steps", "1"];

    /// <summary>How the name of the output ends, where it is a file; empty: a folder.</summary>
    public string Ending { get; init; } = string.Empty;

    public static IReadOnlyList<FaultScenario> All { get; } =
    [
        new("evaluate", (data, output, second) => ["evaluate", "--data", Path.Combine(data, second ? "b" : "a"), .. Small, "--out", output]),
        new("train", (_, output, second) =>
        [
            "train", .. Small, "--data", "procedural", "--categories", "fabric", "--images-per-category", "4", "--render-size", "64", "--batch-size", "2",
            "--epochs", second ? "3" : "1", "--checkpoint-every", "1", "--resume", "--out", output,
        ]),
        new("references", (data, output, second) =>
            ["references", "add", output, Path.Combine(data, second ? "b" : "a", "part", "train", "good"), .. Small])
        {
            Ending = ".safetensors",
        },
        new("calibrate", (data, output, second) =>
            ["calibrate", "--good", Path.Combine(data, second ? "b" : "a", "part", "train", "good"), .. Small, "--out", output])
        {
            Ending = ".json",
        },
        new("detect", (data, output, second) =>
            ["detect", Path.Combine(data, second ? "b" : "a", "part", "test"), .. Small, "--out", output]),
        // The second run adds runs to a table, and writes the table anew.
        new("compare", (data, output, second) =>
        [
            "compare", .. Trained, "--test", Path.Combine(data, "a"), "--methods", .. second ? ["winclip", "april-gan"] : new[] { "winclip" }, "--seeds", "0",
            "--latency-images", "1", "--out", output,
        ]),
        new("ablate", (data, output, second) =>
        [
            "ablate", .. Trained, "--test", Path.Combine(data, "a"), "--tables", "table3", "--seeds", .. second ? ["0", "1"] : new[] { "0" }, "--limit", "2",
            "--out", output,
        ]),
        new("report", (data, output, second) => ["report", Path.Combine(data, second ? "results-b" : "results-a"), "--out", output]),
    ];

    /// <summary>Two small data sets, whose images differ.</summary>
    public static void WriteData(string folder, CliProcess cli)
    {
        foreach (var (set, seed) in new[] { ("a", 1), ("b", 100) })
        {
            foreach (var (kind, count) in new[] { ("train/good", 4), ("test/good", 3), ("test/hole", 3) })
            {
                string path = Directory.CreateDirectory(Path.Combine(folder, set, "part", kind)).FullName;
                for (int i = 0; i < count; i++)
                {
                    File.WriteAllBytes(Path.Combine(path, $"{i:000}.png"), Png(seed + i + kind.Length));
                }
            }

            for (int i = 0; i < 3; i++)
            {
                string path = Directory.CreateDirectory(Path.Combine(folder, set, "part", "ground_truth", "hole")).FullName;
                File.WriteAllBytes(Path.Combine(path, $"{i:000}_mask.png"), Mask());
            }

            var (code, errors, _) = cli.Run(
                ["evaluate", "--data", Path.Combine(folder, set), .. Small, "--out", Path.Combine(folder, $"results-{set}")]);
            if (code != 0)
            {
                throw new InvalidOperationException(errors);
            }
        }
    }

    private static byte[] Png(int seed)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(60, 50, SKColorType.Rgba8888, SKAlphaType.Opaque));
        for (int i = 0; i < 3000; i++)
        {
            bitmap.SetPixel(i % 60, i / 60, new SKColor((byte)(i * seed), (byte)(i * 3), (byte)(seed * 40)));
        }

        using var data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    private static byte[] Mask()
    {
        using var bitmap = new SKBitmap(new SKImageInfo(60, 50, SKColorType.Gray8, SKAlphaType.Opaque));
        bitmap.Erase(SKColors.Black);
        bitmap.SetPixel(20, 20, SKColors.White);
        using var data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }
}
