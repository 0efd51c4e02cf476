using System.Numerics;
using System.Runtime.CompilerServices;
using MfpClip.Parallelism;

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
        // Across first: the map has fewer rows than the image, as a rule.
        var stretched = new float[checked(width * map.Height)];
        ParallelRows.Run(map.Height, y => Across(map.Data.AsSpan(y * map.Width, map.Width), columns, stretched.AsSpan(y * width, width)));
        ParallelRows.Run(height, y =>
        {
            var (top, bottom, v) = rows[y];
            if (top >= 0)
            {
                Down(stretched.AsSpan(top * width, width), stretched.AsSpan(bottom * width, width), v, values.AsSpan(y * width, width));
            }
        });
        return new AnomalyMap(width, height, values);
    }

    /// <summary>
    /// The map of a result at any size: stretched where it is coarser (bilinear), the highest value of each block where it is finer, so that no small defect
    /// disappears. <see cref="AnomalyResult.ImageMap"/> itself where it has the size.
    /// </summary>
    /// <param name="result">A result; its map at the size of the image may be absent.</param>
    /// <param name="width">Pixels a row.</param>
    /// <param name="height">Rows.</param>
    /// <exception cref="ArgumentOutOfRangeException">A side is below 1.</exception>
    public static AnomalyMap ToSize(AnomalyResult result, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(result);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        var map = HighestOfBlocks(result.ImageMap ?? result.ModelMap, width, height);
        return map.Width == width && map.Height == height ? map : ToImage(map, width, height);
    }

    /// <summary>The map with at most so many columns and rows, each value the highest of those it stands for.</summary>
    internal static AnomalyMap HighestOfBlocks(AnomalyMap map, int mostColumns, int mostRows)
    {
        int width = Math.Min(map.Width, mostColumns), height = Math.Min(map.Height, mostRows);
        if (width == map.Width && height == map.Height)
        {
            return map;
        }

        var values = new float[width * height];
        ParallelRows.Run(height, y =>
        {
            int top = (int)((long)y * map.Height / height), bottom = (int)((y + 1L) * map.Height / height);
            for (int x = 0; x < width; x++)
            {
                int left = (int)((long)x * map.Width / width), right = (int)((x + 1L) * map.Width / width);
                float highest = float.NegativeInfinity;
                for (int row = top; row < bottom; row++)
                {
                    for (int at = (row * map.Width) + left; at < (row * map.Width) + right; at++)
                    {
                        highest = Math.Max(highest, map.Data[at]);
                    }
                }

                values[(y * width) + x] = highest;
            }
        });
        return new(width, height, values);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Across(ReadOnlySpan<float> row, (int Low, int High, float Fraction)[] columns, Span<float> output)
    {
        for (int x = 0; x < output.Length; x++)
        {
            var (left, right, u) = columns[x];
            if (left >= 0)
            {
                output[x] = row[left] + (u * (row[right] - row[left]));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Down(ReadOnlySpan<float> upper, ReadOnlySpan<float> lower, float v, Span<float> output)
    {
        int x = 0;
        for (; x + Vector<float>.Count <= output.Length; x += Vector<float>.Count)
        {
            Vector<float> a = new(upper[x..]), b = new(lower[x..]);
            (a + (v * (b - a))).CopyTo(output[x..]);
        }

        for (; x < output.Length; x++)
        {
            output[x] = upper[x] + (v * (lower[x] - upper[x]));
        }
    }

    internal static (int Low, int High, float Fraction)[] Axis(int length, double start, double extent, int input)
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
