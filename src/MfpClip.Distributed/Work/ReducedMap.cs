using System.IO.Compression;
using System.Numerics;

namespace MfpClip.Distributed;

/// <summary>
/// A map of reduced size in 16 bits, packed: each value is the highest of the pixels that it covers, so that a small defect stays visible. From it the overlay
/// is drawn where results are collected.
/// </summary>
public sealed record ReducedMap
{
    /// <summary>Longer side at most.</summary>
    public const int MaximumSide = 1024;

    private const float Levels = ushort.MaxValue;

    /// <summary>Values a row.</summary>
    public required int Width { get; init; }

    /// <summary>Rows.</summary>
    public required int Height { get; init; }

    /// <summary>
    /// Packed with zlib: the differences of all values from what is expected of them (<see cref="Prediction"/>), first all high bytes of the map, then all low
    /// ones. A value of 65535 is 1.
    /// </summary>
    public required byte[] Data { get; init; }

    /// <summary>What is expected of a value. Results of 0.1's first builds do not name it: <see cref="MapPrediction.Left"/>.</summary>
    public MapPrediction Prediction { get; init; }

    /// <summary>Reduces a map.</summary>
    /// <param name="map">A map with values; those above 1 count as 1.</param>
    /// <param name="side">Longer side of the reduced map at most, 1 to <see cref="MaximumSide"/>.</param>
    public static ReducedMap Of(AnomalyMap map, int side)
    {
        ArgumentNullException.ThrowIfNull(map);
        ArgumentOutOfRangeException.ThrowIfLessThan(side, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(side, MaximumSide);
        double scale = Math.Min(1, (double)side / Math.Max(map.Width, map.Height));
        int width = Math.Max(1, (int)Math.Round(map.Width * scale)), height = Math.Max(1, (int)Math.Round(map.Height * scale));
        ushort[] values = Highest(map, width, height);
        byte[] bytes = new byte[2 * values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            // Small differences of both signs are small numbers: 0, -1, 1, -2, ...
            short difference = unchecked((short)(values[i] - Expected(values, i, width)));
            ushort folded = unchecked((ushort)((difference << 1) ^ (difference >> 15)));
            (bytes[i], bytes[values.Length + i]) = ((byte)(folded >> 8), (byte)folded);
        }

        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            zlib.Write(bytes);
        }

        return new() { Width = width, Height = height, Data = packed.ToArray(), Prediction = MapPrediction.Plane };
    }

    /// <summary>The map with its values.</summary>
    /// <exception cref="WorkException">It is damaged, or larger than it may be.</exception>
    public AnomalyMap ToMap()
    {
        if (Width is < 1 or > MaximumSide || Height is < 1 or > MaximumSide)
        {
            throw new WorkException($"A reduced map is {Width} x {Height}; sides are 1 to {MaximumSide}. The result is damaged.");
        }

        int count = Width * Height;
        byte[] bytes = new byte[2 * count];
        try
        {
            using var zlib = new ZLibStream(new MemoryStream(Data), CompressionMode.Decompress);
            zlib.ReadExactly(bytes);
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw new WorkException($"A reduced map of {Width} x {Height} cannot be unpacked ({e.Message}). The result is damaged.", e);
        }

        ushort[] levels = new ushort[count];
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            int stored = (bytes[i] << 8) | bytes[count + i];
            levels[i] = unchecked((ushort)(Prediction switch
            {
                MapPrediction.Plane => Expected(levels, i, Width) + ((stored >> 1) ^ -(stored & 1)),
                MapPrediction.Left => stored + (i % Width == 0 ? 0 : levels[i - 1]),
                _ => throw new WorkException($"A reduced map is packed in a way that this version does not know ({Prediction}). Read it with a later version."),
            }));
            values[i] = levels[i] / Levels;
        }

        return new(Width, Height, values);
    }

    // On the plane through the neighbours to the left, above, and above to the left; those outside are 0.
    private static int Expected(ushort[] values, int i, int width)
    {
        int left = i % width == 0 ? 0 : values[i - 1];
        return i < width ? left : i % width == 0 ? values[i - width] : left + values[i - width] - values[i - width - 1];
    }

    // First over the rows of a cell, many columns at once, then over its columns.
    private static ushort[] Highest(AnomalyMap map, int width, int height)
    {
        var values = new ushort[width * height];
        float[] highest = new float[map.Width];
        var (columns, rows) = (Cells(map.Width, width), Cells(map.Height, height));
        for (int y = 0; y < height; y++)
        {
            Array.Clear(highest);
            for (int row = rows[y].From; row < rows[y].To; row++)
            {
                Raise(highest, map.Data.AsSpan(row * map.Width, map.Width));
            }

            for (int x = 0; x < width; x++)
            {
                float cell = 0;
                for (int column = columns[x].From; column < columns[x].To; column++)
                {
                    cell = highest[column] > cell ? highest[column] : cell;
                }

                values[(y * width) + x] = (ushort)((MathF.Min(cell, 1) * Levels) + 0.5f);
            }
        }

        return values;
    }

    private static void Raise(Span<float> highest, ReadOnlySpan<float> row)
    {
        int i = 0;
        for (; i <= row.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            var (known, value) = (new Vector<float>(highest[i..]), new Vector<float>(row[i..]));
            Vector.ConditionalSelect(Vector.GreaterThan(value, known), value, known).CopyTo(highest[i..]);
        }

        for (; i < row.Length; i++)
        {
            highest[i] = row[i] > highest[i] ? row[i] : highest[i];
        }
    }

    private static (int From, int To)[] Cells(int pixels, int cells) =>
        [.. Enumerable.Range(0, cells).Select(i => ((int)((long)i * pixels / cells), (int)((((long)(i + 1) * pixels) + cells - 1) / cells)))];
}

/// <summary>What is expected of a value of a packed map; what differs from it is stored.</summary>
public enum MapPrediction
{
    /// <summary>The value to its left.</summary>
    Left,

    /// <summary>The plane through those to its left, above, and above to the left.</summary>
    Plane,
}
