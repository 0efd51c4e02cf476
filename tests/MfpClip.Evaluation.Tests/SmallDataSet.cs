using MfpClip.Data;
using MfpClip.Output;

namespace MfpClip.Evaluation.Tests;

/// <summary>MVTec layout of grey images, with a red square where the defect is.</summary>
internal static class SmallDataSet
{
    public static AnomalyDataSet Write(TemporaryFolder folder, string name, int good = 4, int bad = 4, bool masks = true, int width = 32, int height = 24)
    {
        for (int i = 0; i < good; i++)
        {
            MapFiles.WritePng(folder[$"{name}/test/good/{i}.png"], Picture(width, height, i, null));
            MapFiles.WritePng(folder[$"{name}/train/good/{i}.png"], Picture(width, height, 100 + i, null));
        }

        for (int i = 0; i < bad; i++)
        {
            var at = (X: 4 + (2 * i), Y: 6, Side: 8);
            MapFiles.WritePng(folder[$"{name}/test/blot/{i}.png"], Picture(width, height, 50 + i, at));
            if (masks)
            {
                folder.Mask($"{name}/ground_truth/blot/{i}_mask.png", width, height, at.X, at.Y, at.Side, at.Side);
            }
        }

        return DataSetReader.Open(folder[name]);
    }

    private static RgbImage Picture(int width, int height, int seed, (int X, int Y, int Side)? red)
    {
        var random = new Random(seed);
        var pixels = new byte[width * height * 3];
        for (int i = 0; i < width * height; i++)
        {
            byte grey = (byte)random.Next(40, 90);
            pixels.AsSpan(3 * i, 3).Fill(grey);
            if (red is { } r && i % width >= r.X && i % width < r.X + r.Side && i / width >= r.Y && i / width < r.Y + r.Side)
            {
                pixels[3 * i] = 230;
            }
        }

        return new(width, height, pixels);
    }
}
