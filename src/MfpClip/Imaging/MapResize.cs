using System.Runtime.CompilerServices;

namespace MfpClip.Imaging;

/// <summary>Brings an anomaly map from the model's resolution to that of the image.</summary>
public static class MapResize
{
    /// <summary>Bilinear (align_corners off). Pixels that the model did not see get 0.</summary>
    /// <param name="map">Map at the model's resolution.</param>
    /// <param name="width">Width of the image.</param>
    /// <param name="height">Height of the image.</param>
    /// <param name="covered">The part of the image that the map shows; <see langword="null"/>: all of it.</param>
    public static AnomalyMap ToImage(AnomalyMap map, int width, int height, CoveredArea? covered = null)
    {
        ArgumentNullException.ThrowIfNull(map);
        var area = covered ?? new CoveredArea(0, 0, width, height);
        var columns = Axis(width, area.X, area.Width, map.Width);
        var rows = Axis(height, area.Y, area.Height, map.Height);
        var values = new float[checked(width * height)];
        Parallel.For(0, height, y =>
        {
            var (top, bottom, v) = rows[y];
            if (top < 0)
            {
                return;
            }

            Row(map.Data.AsSpan(top * map.Width, map.Width), map.Data.AsSpan(bottom * map.Width, map.Width), v, columns, values.AsSpan(y * width, width));
        });
        return new AnomalyMap(width, height, values);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Row(Span<float> a, Span<float> b, float v, (int Low, int High, float Fraction)[] columns, Span<float> output)
    {
        for (int x = 0; x < output.Length; x++)
        {
            var (left, right, u) = columns[x];
            if (left >= 0)
            {
                float upper = a[left] + (u * (a[right] - a[left]));
                float lower = b[left] + (u * (b[right] - b[left]));
                output[x] = upper + (v * (lower - upper));
            }
        }
    }

    private static (int Low, int High, float Fraction)[] Axis(int length, double start, double extent, int input)
    {
        var axis = new (int, int, float)[length];
        for (int i = 0; i < length; i++)
        {
            double inside = (i + 0.5 - start) / extent;
            if (inside is < 0 or > 1)
            {
                axis[i] = (-1, -1, 0);
                continue;
            }

            double at = Math.Max((inside * input) - 0.5, 0);
            int low = Math.Min((int)at, input - 1);
            axis[i] = (low, Math.Min(low + 1, input - 1), (float)(at - low));
        }

        return axis;
    }
}
