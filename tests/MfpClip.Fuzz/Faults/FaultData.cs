using MfpClip.Backbones.Cnn;
using MfpClip.Weights;
using SkiaSharp;
using TorchSharp;

namespace MfpClip.Fuzz.Faults;

/// <summary>What the commands read.</summary>
internal static class FaultData
{
    /// <summary>Name of the file with a CNN.</summary>
    public const string Cnn = "cnn.safetensors";

    private const long Seed = 1;

    /// <summary>A model that is as small as models are.</summary>
    public static string[] Small { get; } = ["--weights", "random:tiny", "--image-size", "56"];

    /// <summary>Two small data sets, whose images differ, with their results, and a CNN.</summary>
    public static void Write(string folder, CliProcess cli)
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

        using var scope = torch.NewDisposeScope();
        SafetensorsWriter.Write(
            Path.Combine(folder, Cnn), EfficientNetLiteWeights.Random(EfficientNetLiteLayout.Blocks.Count, head: true, Seed).ToDictionary(), null);
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
