using System.Buffers.Binary;
using System.IO.Compression;

namespace MfpClip.ImageSharp;

/// <summary>
/// A PNG with what its pixels need alone. Metadata are left out before ImageSharp sees them, for it inflates texts of any length; an image whose data end too
/// early is refused, for ImageSharp fills it up.
/// </summary>
internal static class PngStructure
{
    private const int Signature = 8, Header = 8, Check = 4, MaximumExif = 1 << 16;

    public static bool Begins(ReadOnlySpan<byte> file) => file.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10]);

    /// <summary>The file without metadata.</summary>
    /// <exception cref="ImageDecodeException">It is interlaced, damaged or truncated.</exception>
    public static byte[] Reduce(ReadOnlySpan<byte> file, string source, ImageLimits limits)
    {
        var kept = new MemoryStream();
        var data = new MemoryStream();
        kept.Write(file[..Signature]);
        var once = new HashSet<uint>();
        (int Width, int Height, int Bits)? header = null;
        for (int at = Signature; ;)
        {
            long length = at + Header + Check > file.Length ? long.MaxValue : BinaryPrimitives.ReadUInt32BigEndian(file[at..]);
            if (length > file.Length - at - Header - Check)
            {
                throw Truncated(source);
            }

            var chunk = file.Slice(at, (int)length + Header + Check);
            var kind = chunk.Slice(4, 4);
            var content = chunk[Header..^Check];
            if (header is null)
            {
                header = ReadHeader(kind, content, source);
                if ((long)header.Value.Width * header.Value.Height > limits.MaximumPixels)
                {
                    throw new ImageDecodeException(source, $"it declares {header.Value.Width} x {header.Value.Height} pixels, more than the limit of "
                        + $"{limits.MaximumPixels} (ImageLimits.MaximumPixels).");
                }
            }

            if (kind.SequenceEqual("IDAT"u8))
            {
                data.Write(content);
            }

            bool needed = kind.SequenceEqual("IHDR"u8) || kind.SequenceEqual("PLTE"u8) || kind.SequenceEqual("tRNS"u8) || kind.SequenceEqual("IDAT"u8)
                || kind.SequenceEqual("IEND"u8) || (kind.SequenceEqual("eXIf"u8) && content.Length <= MaximumExif);
            if (needed)
            {
                // ImageSharp takes the last header: what was checked of the first one would not hold.
                if (!kind.SequenceEqual("IDAT"u8) && !once.Add(BinaryPrimitives.ReadUInt32BigEndian(kind)))
                {
                    throw new ImageDecodeException(source, "it has two headers or palettes; the file is damaged.");
                }

                kept.Write(chunk);
            }

            if (kind.SequenceEqual("IEND"u8))
            {
                break;
            }

            at += chunk.Length;
        }

        var (width, height, bits) = header.Value;
        CheckData(data, height * (1 + ((((long)width * bits) + 7) / 8)), source);
        return kept.ToArray();
    }

    private static (int Width, int Height, int Bits) ReadHeader(ReadOnlySpan<byte> kind, ReadOnlySpan<byte> content, string source)
    {
        if (!kind.SequenceEqual("IHDR"u8) || content.Length != 13)
        {
            throw new ImageDecodeException(source, "its header is damaged.");
        }

        int channels = content[9] switch { 0 or 3 => 1, 2 => 3, 4 => 2, 6 => 4, _ => 0 };
        var (width, height) = (BinaryPrimitives.ReadInt32BigEndian(content), BinaryPrimitives.ReadInt32BigEndian(content[4..]));
        bool damaged = width < 1 || height < 1 || channels == 0 || content[8] is not (1 or 2 or 4 or 8 or 16);
        return damaged ? throw new ImageDecodeException(source, "its header is damaged.")
            : content[12] != 0 ? throw new ImageDecodeException(
                source, "it is interlaced, which MfpClip.ImageSharp does not decode: ImageSharp 2.1 does not end on some. Use the default "
                    + "decoder, or save it anew.")
            : (width, height, channels * content[8]);
    }

    private static void CheckData(MemoryStream data, long expected, string source)
    {
        data.Position = 0;
        using var inflated = new ZLibStream(data, CompressionMode.Decompress);
        var buffer = new byte[81920];
        try
        {
            for (long left = expected; left > 0;)
            {
                int read = inflated.Read(buffer, 0, (int)Math.Min(left, buffer.Length));
                left = read > 0 ? left - read : throw Truncated(source);
            }
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw new ImageDecodeException(source, "its pixels cannot be decoded; the file is damaged.", e);
        }
    }

    private static ImageDecodeException Truncated(string source) => new(source, "it is truncated: the file ends before the image does.");
}
