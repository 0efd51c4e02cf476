using System.Buffers.Binary;
using System.IO.Compression;

namespace MfpClip.Output;

/// <summary>16-bit grey PNG, which SkiaSharp cannot write (PNG specification, 2nd edition).</summary>
internal static class Png16
{
    public static byte[] Encode(AnomalyMap map)
    {
        using var file = new MemoryStream();
        file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10]);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, map.Width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), map.Height);
        header[8] = 16; // bits a sample; the colour type 0 is grey
        Chunk(file, "IHDR"u8, header);
        Chunk(file, "IDAT"u8, Rows(map));
        Chunk(file, "IEND"u8, []);
        return file.ToArray();
    }

    private static byte[] Rows(AnomalyMap map)
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            var row = new byte[1 + (map.Width * 2)]; // the first byte of a row names its filter: none
            for (int y = 0; y < map.Height; y++)
            {
                for (int x = 0; x < map.Width; x++)
                {
                    float v = map.Data[(y * map.Width) + x];
                    BinaryPrimitives.WriteUInt16BigEndian(row.AsSpan(1 + (2 * x)), (ushort)Math.Round((float.IsNaN(v) ? 0 : Math.Clamp(v, 0, 1)) * 65535));
                }

                zlib.Write(row);
            }
        }

        return packed.ToArray();
    }

    private static void Chunk(Stream file, ReadOnlySpan<byte> type, byte[] data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        file.Write(number);
        file.Write(type);
        file.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc([.. type, .. data]));
        file.Write(number);
    }

    private static uint Crc(ReadOnlySpan<byte> bytes)
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
}
