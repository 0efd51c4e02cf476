using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace MfpClip.Imaging;

/// <summary>
/// The orientation that a PNG file states, which SkiaSharp reads of JPEG and WebP only: in its eXIf chunk, or as ImageMagick keeps EXIF in a text.
/// </summary>
internal static class ExifOrientation
{
    private const int Upright = 1, Tag = 0x0112, EntryLength = 12, ChunkOverhead = 12;
    private const int MostText = 1 << 20;
    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0d, 0x0a, 0x1a, 0x0a];

    /// <summary>The value of EXIF's tag 0x0112, 1 to 8; <see langword="null"/> where the file is no PNG or states none.</summary>
    public static int? OfPng(ReadOnlySpan<byte> png)
    {
        if (!png.StartsWith(Signature))
        {
            return null;
        }

        int? inText = null;
        for (int at = Signature.Length; at + ChunkOverhead <= png.Length;)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(png[at..]);
            if (length > png.Length - at - ChunkOverhead)
            {
                break;
            }

            var kind = png.Slice(at + 4, 4);
            if (kind.SequenceEqual("IEND"u8))
            {
                break; // what follows is no part of the image
            }

            var content = png.Slice(at + 8, (int)length);
            if (kind.SequenceEqual("eXIf"u8))
            {
                return OfExif(content);
            }

            inText ??= kind.SequenceEqual("zTXt"u8) || kind.SequenceEqual("tEXt"u8) ? OfText(content, kind[0] == 'z') : null;
            at += ChunkOverhead + (int)length;
        }

        return inText;
    }

    /// <summary>The orientation in EXIF data; <see langword="null"/> where they state none.</summary>
    public static int? OfExif(ReadOnlySpan<byte> exif)
    {
        exif = exif.StartsWith("Exif\0\0"u8) ? exif[6..] : exif;
        bool little = exif.StartsWith("II*\0"u8);
        if (exif.Length < 10 || (!little && !exif.StartsWith("MM\0*"u8)))
        {
            return null;
        }

        uint start = Number(exif[4..], little);
        if (start > exif.Length - 2)
        {
            return null;
        }

        int count = Short(exif[(int)start..], little);
        for (int i = 0, at = (int)start + 2; i < count && at + EntryLength <= exif.Length; i++, at += EntryLength)
        {
            if (Short(exif[at..], little) == Tag)
            {
                int value = Short(exif[(at + 2)..], little) == 4 ? (int)Number(exif[(at + 8)..], little) : Short(exif[(at + 8)..], little);
                return value is >= Upright and <= 8 ? value : null;
            }
        }

        return null;
    }

    /// <summary>The orientation in a text chunk of ImageMagick; <see langword="null"/> where it is no such text.</summary>
    /// <param name="chunk">Its content: "Raw profile type exif", a zero byte, then a heading of two lines and the bytes as hexadecimal digits.</param>
    /// <param name="compressed">Whether what follows the zero byte is a method and compressed text (zTXt).</param>
    public static int? OfText(ReadOnlySpan<byte> chunk, bool compressed)
    {
        int end = chunk.IndexOf((byte)0);
        if (end < 0 || Encoding.Latin1.GetString(chunk[..end]) is not ("Raw profile type exif" or "Raw profile type APP1"))
        {
            return null;
        }

        try
        {
            string text = Encoding.Latin1.GetString(compressed ? Inflated(chunk[Math.Min(end + 2, chunk.Length)..]) : chunk[(end + 1)..]);
            string[] lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            return lines.Length > 2 ? OfExif(Convert.FromHexString(string.Concat(lines.Skip(2)))) : null;
        }
        catch (Exception e) when (e is InvalidDataException or FormatException or IOException)
        {
            return null; // a damaged comment does not make the image unreadable
        }
    }

    private static byte[] Inflated(ReadOnlySpan<byte> compressed)
    {
        using var stream = new ZLibStream(new MemoryStream(compressed.ToArray()), CompressionMode.Decompress);
        byte[] text = new byte[MostText];
        return text[..stream.ReadAtLeast(text, MostText, throwOnEndOfStream: false)];
    }

    private static ushort Short(ReadOnlySpan<byte> bytes, bool little) =>
        little ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);

    private static uint Number(ReadOnlySpan<byte> bytes, bool little) =>
        little ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt32BigEndian(bytes);
}
