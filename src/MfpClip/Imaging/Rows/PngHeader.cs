using System.Buffers.Binary;

namespace MfpClip.Imaging.Rows;

/// <summary>What the chunks of a PNG file say around its pixels.</summary>
internal sealed record PngHeader
{
    private const int ChunkOverhead = 12, MostPalette = 256 * 3;
    private static ReadOnlySpan<byte> ExifText => "Raw profile type "u8;

    /// <summary>The first bytes of every PNG file.</summary>
    public static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0d, 0x0a, 0x1a, 0x0a];

    public required long Width { get; init; }

    public required long Height { get; init; }

    /// <summary>Bits a sample.</summary>
    public required int BitDepth { get; init; }

    /// <summary>0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha.</summary>
    public required int ColorType { get; init; }

    public required bool Interlaced { get; init; }

    /// <summary>RGB of the palette's colours.</summary>
    public byte[] Palette { get; private set; } = [];

    /// <summary>The orientation of EXIF; <see langword="null"/> where none is stated.</summary>
    public int? Orientation { get; private set; }

    /// <summary>Where the first chunk of pixels begins; -1 where there is none.</summary>
    public long Data { get; private set; } = -1;

    /// <summary>Samples a pixel.</summary>
    public int Samples => ColorType switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };

    /// <summary>Reads the chunks up to the end of the file; of pixels only the headings.</summary>
    /// <exception cref="ImageDecodeException">The file is damaged or truncated before its pixels begin.</exception>
    public static PngHeader Read(Stream file, string source, RowLimits limits)
    {
        file.Position = Signature.Length;
        Span<byte> start = stackalloc byte[8];
        file.ReadExactly(start);
        if (!start.SequenceEqual((ReadOnlySpan<byte>)[0, 0, 0, 13, (byte)'I', (byte)'H', (byte)'D', (byte)'R']))
        {
            throw RowChecks.Damaged(source, "its header is missing");
        }

        byte[] header = Content(file, start, source);
        var png = new PngHeader
        {
            Width = BinaryPrimitives.ReadUInt32BigEndian(header), Height = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4)),
            BitDepth = header[8], ColorType = header[9], Interlaced = header[12] == 1,
        };
        if ((png.ColorType, png.BitDepth) is not ((0, 1 or 2 or 4 or 8 or 16) or (2 or 4 or 6, 8 or 16) or (3, 1 or 2 or 4 or 8))
            || header[10] != 0 || header[11] != 0 || header[12] > 1)
        {
            throw RowChecks.Damaged(source, $"its header declares colour type {png.ColorType} with {png.BitDepth} bits");
        }

        png.ReadChunks(file, source, limits);
        return png;
    }

    private void ReadChunks(Stream file, string source, RowLimits limits)
    {
        Span<byte> start = stackalloc byte[8];
        int? inText = null;
        bool stated = false;
        while (file.Position + ChunkOverhead <= file.Length)
        {
            long at = file.Position;
            file.ReadExactly(start);
            long length = BinaryPrimitives.ReadUInt32BigEndian(start);
            var kind = start[4..];
            bool whole = length <= file.Length - at - ChunkOverhead;
            if (kind.SequenceEqual("IDAT"u8))
            {
                Data = Data < 0 ? at : Data;
            }
            else if (!whole || kind.SequenceEqual("IEND"u8))
            {
                break;
            }
            else if (kind.SequenceEqual("PLTE"u8) && Data < 0)
            {
                Palette = length is > 0 and <= MostPalette && length % 3 == 0 ? Content(file, start, source)
                    : throw RowChecks.Damaged(source, $"its palette has {length} bytes");
            }
            else if (kind.SequenceEqual("eXIf"u8) && !stated)
            {
                // The rules of ExifOrientation.OfPng: the first such chunk decides, else the first text.
                stated = true;
                Orientation = ExifOrientation.OfExif(Metadata(file, length, source, limits));
            }
            else if (!stated && inText is null && (kind.SequenceEqual("tEXt"u8) || kind.SequenceEqual("zTXt"u8)) && IsExif(file, length))
            {
                inText = ExifOrientation.OfText(Metadata(file, length, source, limits), kind[0] == 'z');
            }

            file.Position = at + ChunkOverhead + Math.Min(length, file.Length - at - ChunkOverhead);
        }

        Orientation = stated ? Orientation : inText;
        if (Data < 0)
        {
            throw RowChecks.Truncated(source);
        }
    }

    private static bool IsExif(Stream file, long length)
    {
        long at = file.Position;
        Span<byte> name = stackalloc byte[ExifText.Length];
        bool exif = length > name.Length && file.ReadAtLeast(name, name.Length, throwOnEndOfStream: false) == name.Length && name.SequenceEqual(ExifText);
        file.Position = at;
        return exif;
    }

    private static byte[] Metadata(Stream file, long length, string source, RowLimits limits)
    {
        RowChecks.Memory(length, "remove its metadata", source, limits);
        byte[] content = new byte[length];
        file.ReadExactly(content);
        return content;
    }

    // Of chunks without which the pixels mean nothing the checksum counts.
    private static byte[] Content(Stream file, ReadOnlySpan<byte> start, string source)
    {
        byte[] content = new byte[BinaryPrimitives.ReadUInt32BigEndian(start) + 4];
        file.ReadExactly(content);
        var crc = default(PngChecksum);
        crc.Add(start[4..]);
        crc.Add(content.AsSpan(0, content.Length - 4));
        return crc.Value == BinaryPrimitives.ReadUInt32BigEndian(content.AsSpan(content.Length - 4)) ? content[..^4]
            : throw RowChecks.Damaged(source, "a checksum is wrong");
    }
}
