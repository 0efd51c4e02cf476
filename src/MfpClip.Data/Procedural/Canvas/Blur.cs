using System.Numerics;
using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Data.Procedural.Canvas;

/// <summary>Smoothing of planes; the edge pixel is repeated beyond the edge.</summary>
internal static class Blur
{
    /// <summary>Two running means each way: nearly a Gaussian of the given radius in pixels.</summary>
    public static Plane Soft(Arena arena, Plane plane, int radius)
    {
        Plane a = arena.New(), b = arena.New();
        Box(arena, plane.Data, a.Data, plane.Size, radius);
        Box(arena, a.Data, b.Data, plane.Size, radius);
        return b;
    }

    /// <summary>Mean over a square.</summary>
    public static Plane Mean(Arena arena, Plane plane, int radius)
    {
        var mean = arena.New();
        Box(arena, plane.Data, mean.Data, plane.Size, radius);
        return mean;
    }

    /// <summary>Gaussian of a deviation in pixels, in place.</summary>
    public static void Gaussian(Arena arena, Plane plane, float sigma)
    {
        int size = plane.Size, radius = Math.Max(1, (int)((sigma * 2.5f) + 0.5f));
        var kernel = new float[radius + 1];
        float sum = 0;
        for (int k = 0; k <= radius; k++)
        {
            kernel[k] = Exact.Exp(-k * k / (2 * sigma * sigma));
            sum += k == 0 ? kernel[k] : 2 * kernel[k];
        }

        for (int k = 0; k <= radius; k++)
        {
            kernel[k] /= sum;
        }

        float[] rows = arena.Rent(size * size), padded = arena.Rent(size + (2 * radius));
        for (int y = 0; y < size; y++)
        {
            var row = plane.Data.AsSpan(y * size, size);
            padded.AsSpan(0, radius).Fill(row[0]);
            row.CopyTo(padded.AsSpan(radius));
            padded.AsSpan(size + radius).Fill(row[size - 1]);
            var target = rows.AsSpan(y * size, size);
            target.Clear();
            for (int k = -radius; k <= radius; k++)
            {
                AddScaled(padded.AsSpan(radius + k, size), target, kernel[Math.Abs(k)]);
            }
        }

        for (int y = 0; y < size; y++)
        {
            var target = plane.Data.AsSpan(y * size, size);
            target.Clear();
            for (int k = -radius; k <= radius; k++)
            {
                AddScaled(rows.AsSpan(Math.Clamp(y + k, 0, size - 1) * size, size), target, kernel[Math.Abs(k)]);
            }
        }
    }

    private static void AddScaled(ReadOnlySpan<float> source, Span<float> target, float factor)
    {
        int i = 0, width = Vector<float>.Count;
        for (; i <= target.Length - width; i += width)
        {
            (new Vector<float>(target[i..]) + (new Vector<float>(source[i..]) * factor)).CopyTo(target[i..]);
        }

        for (; i < target.Length; i++)
        {
            target[i] += source[i] * factor;
        }
    }

    private static void Box(Arena arena, float[] source, float[] target, int size, int radius)
    {
        float inverse = 1f / ((2 * radius) + 1);
        var rows = new float[size];
        float[] temporary = arena.Rent(size * size);
        for (int y = 0; y < size; y++)
        {
            int at = y * size;
            float sum = 0;
            for (int k = -radius; k <= radius; k++)
            {
                sum += source[at + Math.Clamp(k, 0, size - 1)];
            }

            for (int x = 0; x < size; x++)
            {
                temporary[at + x] = sum * inverse;
                sum += source[at + Math.Min(x + radius + 1, size - 1)] - source[at + Math.Max(x - radius, 0)];
            }
        }

        for (int k = -radius; k <= radius; k++)
        {
            AddScaled(temporary.AsSpan(Math.Clamp(k, 0, size - 1) * size, size), rows, 1);
        }

        for (int y = 0; y < size; y++)
        {
            var row = target.AsSpan(y * size, size);
            row.Clear();
            AddScaled(rows, row, inverse);
            AddScaled(temporary.AsSpan(Math.Min(y + radius + 1, size - 1) * size, size), rows, 1);
            AddScaled(temporary.AsSpan(Math.Max(y - radius, 0) * size, size), rows, -1);
        }
    }
}
