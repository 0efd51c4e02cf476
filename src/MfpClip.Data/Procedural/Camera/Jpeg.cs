using MfpClip.Data.Procedural.Canvas;
using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Data.Procedural.Camera;

/// <summary>What JPEG does to an image: 8 x 8 cosine transform, quantised by the standard's example tables, colour at half resolution.</summary>
internal static class Jpeg
{
    private static readonly byte[] Luma =
    [
        16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
        18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
    ];

    private static readonly byte[] Chroma =
    [
        17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99,
        99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    ];

    private static readonly float[] Basis = MakeBasis();

    /// <summary>Compresses planes of 0 to 255 in place.</summary>
    /// <param name="arena">Buffers.</param>
    /// <param name="rgb">Red, green, blue.</param>
    /// <param name="quality">1 to 100.</param>
    public static void Compress(Arena arena, Plane[] rgb, int quality)
    {
        int size = rgb[0].Size;
        Plane y = arena.New(), cb = arena.New(), cr = arena.New();
        for (int i = 0; i < y.Data.Length; i++)
        {
            float r = rgb[0].Data[i], g = rgb[1].Data[i], b = rgb[2].Data[i];
            y.Data[i] = (0.299f * r) + (0.587f * g) + (0.114f * b) - 128;
            cb.Data[i] = (-0.168736f * r) - (0.331264f * g) + (0.5f * b);
            cr.Data[i] = (0.5f * r) - (0.418688f * g) - (0.081312f * b);
        }

        Blocks(y.Data, size, size, Table(Luma, quality));
        int half = (size + 1) / 2;
        foreach (var plane in new[] { cb, cr })
        {
            float[] small = arena.Rent(half * half);
            for (int v = 0; v < half; v++)
            {
                for (int u = 0; u < half; u++)
                {
                    int x0 = 2 * u, y0 = 2 * v, x1 = Math.Min(x0 + 1, size - 1), y1 = Math.Min(y0 + 1, size - 1);
                    small[(v * half) + u] = 0.25f * (plane[x0, y0] + plane[x1, y0] + plane[x0, y1] + plane[x1, y1]);
                }
            }

            Blocks(small, half, half, Table(Chroma, quality));
            var tiny = new Plane(small, half);
            for (int v = 0; v < size; v++)
            {
                for (int u = 0; u < size; u++)
                {
                    plane.Data[(v * size) + u] = half < 2 ? small[0] : tiny.Sample((u * 0.5f) - 0.25f, (v * 0.5f) - 0.25f);
                }
            }
        }

        for (int i = 0; i < y.Data.Length; i++)
        {
            float l = y.Data[i] + 128;
            rgb[0].Data[i] = l + (1.402f * cr.Data[i]);
            rgb[1].Data[i] = l - (0.344136f * cb.Data[i]) - (0.714136f * cr.Data[i]);
            rgb[2].Data[i] = l + (1.772f * cb.Data[i]);
        }
    }

    private static void Blocks(float[] data, int width, int height, float[] table)
    {
        Span<float> block = stackalloc float[64], other = stackalloc float[64];
        for (int by = 0; by < height; by += 8)
        {
            for (int bx = 0; bx < width; bx += 8)
            {
                for (int i = 0; i < 64; i++)
                {
                    block[i] = data[(Math.Min(by + (i >> 3), height - 1) * width) + Math.Min(bx + (i & 7), width - 1)];
                }

                Forward(block, other);
                Forward(other, block);
                for (int i = 0; i < 64; i++)
                {
                    block[i] = MathF.Floor((block[i] / table[i]) + 0.5f) * table[i];
                }

                Backward(block, other);
                Backward(other, block);
                for (int i = 0; i < 64; i++)
                {
                    int y = by + (i >> 3), x = bx + (i & 7);
                    if (y < height && x < width)
                    {
                        data[(y * width) + x] = block[i];
                    }
                }
            }
        }
    }

    // One dimension, result turned over: twice gives both.
    private static void Forward(ReadOnlySpan<float> from, Span<float> to)
    {
        for (int row = 0; row < 8; row++)
        {
            var v = from.Slice(row * 8, 8);
            for (int k = 0; k < 8; k++)
            {
                var b = Basis.AsSpan(k * 8, 8);
                to[(k * 8) + row] = (v[0] * b[0]) + (v[1] * b[1]) + (v[2] * b[2]) + (v[3] * b[3]) + (v[4] * b[4]) + (v[5] * b[5])
                    + (v[6] * b[6]) + (v[7] * b[7]);
            }
        }
    }

    private static void Backward(ReadOnlySpan<float> from, Span<float> to)
    {
        for (int row = 0; row < 8; row++)
        {
            var v = from.Slice(row * 8, 8);
            for (int k = 0; k < 8; k++)
            {
                float sum = 0;
                for (int n = 0; n < 8; n++)
                {
                    sum += v[n] * Basis[(n * 8) + k];
                }

                to[(k * 8) + row] = sum;
            }
        }
    }

    private static float[] Table(byte[] example, int quality)
    {
        int scale = quality < 50 ? 5000 / quality : 200 - (2 * quality);
        return [.. example.Select(q => (float)Math.Clamp(((q * scale) + 50) / 100, 1, 255))];
    }

    private static float[] MakeBasis()
    {
        var basis = new float[64];
        for (int k = 0; k < 8; k++)
        {
            for (int n = 0; n < 8; n++)
            {
                basis[(k * 8) + n] = (k == 0 ? 0.35355339f : 0.5f) * Exact.Cos(((2 * n) + 1) * k / 32f);
            }
        }

        return basis;
    }
}
