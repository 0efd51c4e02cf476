using System.Buffers.Binary;

namespace MfpClip.Data.Masks;

/// <summary>The EXIF orientation that an encoded image carries: 1 (or none) is upright, from 5 on width and height are swapped.</summary>
internal static class ExifOrientation
{
    private const int Tag = 0x0112;

    /// <summary>Orientation from 1 to 8 of a JPEG, PNG, WebP or TIFF; 1 where there is none or it cannot be read.</summary>
    public static int Of(ReadOnlySpan<byte> image)
    {
        var exif = image switch
        {
            [0xff, 0xd8, ..] => OfJpeg(image),
            [0x89, 0x50, 0x4e, 0x47, ..] => OfPng(image),
            [0x52, 0x49, 0x46, 0x46, _, _, _, _, 0x57, 0x45, 0x42, 0x50, ..] => OfWebP(image),
            [0x49, 0x49, 0x2a, 0, ..] or [0x4d, 0x4d, 0, 0x2a, ..] => image,
            _ => [],
        };
        return Value(exif, Tag) is { } value and >= 1 and <= 8 ? (int)value : 1;
    }

    /// <summary>Whether an orientation swaps width and height.</summary>
    public static bool Swaps(int orientation) => orientation >= 5;

    /// <summary>The first value of a tag in the first directory of a TIFF structure; <see langword="null"/> where it is not there.</summary>
    /// <param name="tiff">Begins with "II" or "MM".</param>
    /// <param name="tag">The tag; its values are 16 or 32 bits.</param>
    public static uint? Value(ReadOnlySpan<byte> tiff, int tag)
    {
        if (tiff.Length < 8)
        {
            return null;
        }

        bool little = tiff[0] == 0x49;
        long directory = Number(tiff, 4, 4, little) ?? long.MaxValue;
        int entries = (int)(Number(tiff, directory, 2, little) ?? 0);
        for (int i = 0; i < entries; i++)
        {
            long at = directory + 2 + (12L * i);
            if (Number(tiff, at, 2, little) == tag && Number(tiff, at + 2, 2, little) is 3 or 4)
            {
                int size = Number(tiff, at + 2, 2, little) == 3 ? 2 : 4;
                bool inside = size * (Number(tiff, at + 4, 4, little) ?? 0) <= 4;
                return Number(tiff, inside ? at + 8 : Number(tiff, at + 8, 4, little) ?? long.MaxValue, size, little);
            }
        }

        return null;
    }

    private static uint? Number(ReadOnlySpan<byte> data, long at, int size, bool little)
    {
        if (at < 0 || at > data.Length - size)
        {
            return null;
        }

        var bytes = data.Slice((int)at, size);
        return size == 2 ? (little ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes))
            : little ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt32BigEndian(bytes);
    }

    private static ReadOnlySpan<byte> OfJpeg(ReadOnlySpan<byte> image)
    {
        for (int at = 2; at + 4 <= image.Length && image[at] == 0xff && image[at + 1] is not (0xda or 0xd9);)
        {
            int length = BinaryPrimitives.ReadUInt16BigEndian(image[(at + 2)..]);
            var segment = image.Slice(at + 4, Math.Clamp(length - 2, 0, image.Length - at - 4));
            if (image[at + 1] == 0xe1 && segment.StartsWith("Exif\0\0"u8))
            {
                return segment[6..];
            }

            at += 2 + Math.Max(length, 2);
        }

        return [];
    }

    private static ReadOnlySpan<byte> OfPng(ReadOnlySpan<byte> image)
    {
        for (long at = 8; at + 12 <= image.Length;)
        {
            var chunk = image[(int)at..];
            uint length = BinaryPrimitives.ReadUInt32BigEndian(chunk);
            if (chunk[4..].StartsWith("IEND"u8))
            {
                break; // what follows is no part of the image
            }

            if (chunk[4..].StartsWith("eXIf"u8))
            {
                return chunk.Slice(8, (int)Math.Min(length, (uint)chunk.Length - 8));
            }

            at += 12L + length;
        }

        return [];
    }

    private static ReadOnlySpan<byte> OfWebP(ReadOnlySpan<byte> image)
    {
        for (long at = 12; at + 8 <= image.Length;)
        {
            var chunk = image[(int)at..];
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(chunk[4..]);
            if (chunk.StartsWith("EXIF"u8))
            {
                var exif = chunk.Slice(8, (int)Math.Min(length, (uint)chunk.Length - 8));
                return exif.StartsWith("Exif\0\0"u8) ? exif[6..] : exif;
            }

            at += 8L + length + (length & 1);
        }

        return [];
    }
}
