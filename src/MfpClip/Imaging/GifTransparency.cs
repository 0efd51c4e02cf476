using System.Buffers.Binary;

namespace MfpClip.Imaging;

/// <summary>
/// Transparent pixels of a GIF have a colour in its palette, which SkiaSharp writes as black. Without the mark of transparency it decodes them like others.
/// </summary>
/// <param name="Bytes">The file without the mark.</param>
/// <param name="Red">Red of pixels that the first frame does not cover.</param>
/// <param name="Green">Green of them.</param>
/// <param name="Blue">Blue of them.</param>
internal sealed record GifTransparency(byte[] Bytes, byte Red, byte Green, byte Blue)
{
    private const int ScreenLength = 13, FrameLength = 10;
    private const byte Extension = 0x21, Frame = 0x2c, GraphicControl = 0xf9, HasTransparency = 1, HasPalette = 0x80;

    /// <summary>The file with its first frame opaque; <see langword="null"/> where that is so already, or the file is no GIF or damaged.</summary>
    public static GifTransparency? Remove(ReadOnlySpan<byte> gif)
    {
        if (gif.Length < ScreenLength || (!gif.StartsWith("GIF87a"u8) && !gif.StartsWith("GIF89a"u8)))
        {
            return null;
        }

        var palette = Palette(gif, gif[10], ScreenLength);
        int at = ScreenLength + palette.Length, mark = -1;
        while (at + 3 < gif.Length && gif[at] == Extension)
        {
            if (gif[at + 1] == GraphicControl && gif[at + 2] == 4 && at + 7 < gif.Length)
            {
                mark = (gif[at + 3] & HasTransparency) != 0 ? at + 3 : -1;
            }

            for (at += 2; at < gif.Length && gif[at] != 0;)
            {
                at += gif[at] + 1;
            }

            at++;
        }

        if (at + FrameLength > gif.Length || gif[at] != Frame)
        {
            return null;
        }

        bool covered = BinaryPrimitives.ReadInt64LittleEndian(gif[(at + 1)..]) ==
            ((long)BinaryPrimitives.ReadUInt16LittleEndian(gif[6..]) << 32 | (long)BinaryPrimitives.ReadUInt16LittleEndian(gif[8..]) << 48);
        if (mark < 0 && covered)
        {
            return null;
        }

        var own = Palette(gif, gif[at + 9], at + FrameLength);
        palette = own.Length > 0 ? own : palette;
        int index = mark < 0 ? 0 : gif[mark + 3] * 3;
        byte[] bytes = gif.ToArray();
        if (mark >= 0)
        {
            bytes[mark] &= unchecked((byte)~HasTransparency);
        }

        return index + 2 < palette.Length ? new(bytes, palette[index], palette[index + 1], palette[index + 2]) : new(bytes, 0, 0, 0);
    }

    private static ReadOnlySpan<byte> Palette(ReadOnlySpan<byte> gif, byte flags, int at)
    {
        int length = (flags & HasPalette) != 0 ? 3 << ((flags & 7) + 1) : 0;
        return at + length <= gif.Length ? gif.Slice(at, length) : [];
    }
}
