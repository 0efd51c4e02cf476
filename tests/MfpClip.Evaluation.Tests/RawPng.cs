using System.Buffers.Binary;
using System.IO.Compression;

namespace MfpClip.Evaluation.Tests;

/// <summary>Writes PNG files of any bit depth and colour type from their stored samples, for masks that no encoder here makes.</summary>
internal sealed record RawPng(int Width, int Height, int Depth, int ColourType)
{
    private static readonly (int X, int Y, int StepX, int StepY)[] Passes =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    public byte[]? Palette { get; init; }

    public byte[]? Transparency { get; init; }

    /// <summary>EXIF orientation, in a chunk eXIf.</summary>
    public int? Orientation { get; init; }

    public bool Interlaced { get; init; }

    /// <summary>The filter of every row, 0 to 4.</summary>
    public byte Filter { get; init; }

    /// <summary>Encodes samples: <paramref name="sample"/> gives the value at x, y of a channel.</summary>
    public byte[] Encode(Func<int, int, int, int> sample)
    {
        int channels = ColourType switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };
        using var file = new MemoryStream();
        file.Write([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, Width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), Height);
        (header[8], header[9], header[12]) = ((byte)Depth, (byte)ColourType, (byte)(Interlaced ? 1 : 0));
        Chunk(file, "IHDR"u8, header);
        Optional(file, "PLTE"u8, Palette);
        Optional(file, "tRNS"u8, Transparency);
        Optional(file, "eXIf"u8, Orientation is { } o
            ? [0x4d, 0x4d, 0, 0x2a, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, (byte)o, 0, 0, 0, 0, 0, 0] : null);
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            foreach (var (startX, startY, stepX, stepY) in Interlaced ? Passes : [(0, 0, 1, 1)])
            {
                byte[] above = [];
                for (int y = startY; y < Height && startX < Width; y += stepY)
                {
                    byte[] row = Row(Enumerable.Range(0, (Width - startX + stepX - 1) / stepX)
                        .SelectMany(x => Enumerable.Range(0, channels).Select(c => sample(startX + (x * stepX), y, c))).ToArray());
                    zlib.WriteByte(Filter);
                    zlib.Write(Filtered(row, above, Math.Max(1, channels * Depth / 8)));
                    above = row;
                }
            }
        }

        Chunk(file, "IDAT"u8, packed.ToArray());
        Chunk(file, "IEND"u8, []);
        return file.ToArray();
    }

    private byte[] Row(int[] samples)
    {
        if (Depth == 16)
        {
            return [.. samples.SelectMany(s => new[] { (byte)(s >> 8), (byte)s })];
        }

        byte[] row = new byte[((samples.Length * Depth) + 7) / 8];
        for (int i = 0; i < samples.Length; i++)
        {
            row[i * Depth / 8] |= (byte)(samples[i] << (8 - Depth - (i * Depth % 8)));
        }

        return row;
    }

    private byte[] Filtered(byte[] row, byte[] above, int distance) => [.. row.Select((value, i) =>
    {
        int left = i >= distance ? row[i - distance] : 0, up = above.Length > 0 ? above[i] : 0;
        int corner = i >= distance && above.Length > 0 ? above[i - distance] : 0;
        int estimate = left + up - corner;
        var nearest = new[] { left, up, corner }.OrderBy(v => Math.Abs(estimate - v)).First(); // stable: left, above, corner
        return (byte)(value - (Filter switch { 1 => left, 2 => up, 3 => (left + up) / 2, 4 => nearest, _ => 0 }));
    })];

    private static void Optional(Stream file, ReadOnlySpan<byte> type, byte[]? data)
    {
        if (data is not null)
        {
            Chunk(file, type, data);
        }
    }

    private static void Chunk(Stream file, ReadOnlySpan<byte> type, byte[] data)
    {
        byte[] number = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        file.Write(number);
        byte[] body = [.. type, .. data];
        file.Write(body);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc(body));
        file.Write(number);
    }

    private static uint Crc(byte[] data)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in data)
        {
            crc ^= b;
            for (int k = 0; k < 8; k++)
            {
                crc = (crc & 1) != 0 ? 0xedb88320 ^ (crc >> 1) : crc >> 1;
            }
        }

        return ~crc;
    }
}
