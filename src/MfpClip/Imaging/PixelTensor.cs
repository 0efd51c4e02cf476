using System.Runtime.CompilerServices;
using MfpClip.Parallelism;

namespace MfpClip.Imaging;

/// <summary>Pixels as the towers take them.</summary>
internal static class PixelTensor
{
    /// <summary>Images of one size as <c>[B, 3, H, W]</c> float32: <c>(pixel / 255 - mean) / std</c>, read from a table of all 256 values.</summary>
    public static unsafe Tensor Normalized(IReadOnlyList<RgbImage> images, float[] mean, float[] std)
    {
        var (width, height) = (images[0].Width, images[0].Height);
        if (images.Any(i => i.Width != width || i.Height != height))
        {
            throw new ArgumentException("Images of a batch have one size.", nameof(images));
        }

        var tables = Enumerable.Range(0, 3).Select(c => Enumerable.Range(0, 256).Select(p => ((p / 255f) - mean[c]) / std[c]).ToArray()).ToArray();
        var result = torch.empty(images.Count, 3, height, width, dtype: ScalarType.Float32);
        fixed (byte* bytes = result.bytes)
        {
            float* start = (float*)bytes;
            ParallelPieces.Run(images.Count * height, 16, () => 0, (_, i) =>
            {
                var (b, y) = (i / height, i % height);
                var row = images[b].Pixels.Slice(3 * y * width, 3 * width);
                for (int c = 0; c < 3; c++)
                {
                    Look(row, c, tables[c], start + (((((long)b * 3) + c) * height) + y) * width);
                }
            }, _ => { });
        }

        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void Look(ReadOnlySpan<byte> row, int channel, float[] table, float* to)
    {
        for (int i = channel; i < row.Length; i += 3)
        {
            *to++ = table[row[i]];
        }
    }
}
