using System.Buffers.Binary;
using System.IO.Compression;

namespace MfpClip.Tests.Imaging.Rows;

/// <summary>Writes PNG files of every kind, row by row, with chunks of any size.</summary>
internal sealed class PngFile : IDisposable
{
    private readonly Stream _file;
    private readonly int _chunk;
    private readonly MemoryStream _compressed = new();
    private readonly ZLibStream _zlib;

    public PngFile(Stream file, int width, int height, int bitDepth, int colorType, bool interlaced = false, int chunk = 8192,
        CompressionLevel level = CompressionLevel.Fastest, params (string Kind, byte[] Content)[] chunks)
    {
        (_file, _chunk) = (file, chunk);
        _zlib = new ZLibStream(_compressed, level, leaveOpen: true);
        file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0d, 0x0a, 0x1a, 0x0a]);
        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9], header[12]) = ((byte)bitDepth, (byte)colorType, (byte)(interlaced ? 1 : 0));
        Chunk("IHDR", header);
        foreach (var (kind, content) in chunks)
        {
            Chunk(kind, content);
        }
    }

    /// <summary>Bytes of a row without its filter.</summary>
    public static int RowBytes(int width, int bitDepth, int colorType) =>
        ((width * bitDepth * (colorType switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 })) + 7) / 8;

    /// <summary>A row as it is stored, its filter first.</summary>
    public void Row(ReadOnlySpan<byte> filtered)
    {
        _zlib.Write(filtered);
        Flush(_chunk);
    }

    public void Dispose()
    {
        _zlib.Dispose();
        Flush(1);
        Chunk("IEND", []);
    }

    /// <summary>One file with random content.</summary>
    public static byte[] Random(int seed, int width, int height, int bitDepth, int colorType, int chunk = 50, params (string Kind, byte[] Content)[] chunks)
    {
        var random = new Random(seed);
        using var memory = new MemoryStream();
        using (var png = new PngFile(memory, width, height, bitDepth, colorType, chunk: chunk, chunks: chunks))
        {
            byte[] row = new byte[1 + RowBytes(width, bitDepth, colorType)];
            for (int y = 0; y < height; y++)
            {
                random.NextBytes(row);
                row[0] = (byte)((y + seed) % 5);
                png.Row(row);
            }
        }

        return memory.ToArray();
    }

    public static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int i = 0; i < 8; i++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * 0xedb88320u);
            }
        }

        return ~crc;
    }

    private void Flush(int atLeast)
    {
        if (_compressed.Length < atLeast)
        {
            return;
        }

        var all = _compressed.GetBuffer().AsSpan(0, (int)_compressed.Length);
        while (all.Length > 0)
        {
            Chunk("IDAT", all[..Math.Min(_chunk, all.Length)].ToArray());
            all = all[Math.Min(_chunk, all.Length)..];
        }

        _compressed.SetLength(0);
    }

    private void Chunk(string kind, byte[] content)
    {
        byte[] bytes = new byte[content.Length + 12];
        BinaryPrimitives.WriteInt32BigEndian(bytes, content.Length);
        System.Text.Encoding.ASCII.GetBytes(kind, bytes.AsSpan(4));
        content.CopyTo(bytes, 8);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(content.Length + 8), Checksum(bytes.AsSpan(4, content.Length + 4)));
        _file.Write(bytes);
    }
}
