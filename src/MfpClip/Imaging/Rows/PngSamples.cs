namespace MfpClip.Imaging.Rows;

/// <summary>The samples of a PNG row as 8-bit RGB: of 16 bits the upper eight, alpha dropped, as Skia decodes them.</summary>
internal static class PngSamples
{
    /// <param name="row">One row as it is stored, without its filter.</param>
    /// <param name="rgb">Filled with three bytes a pixel.</param>
    /// <param name="header">How it is stored.</param>
    public static void ToRgb(ReadOnlySpan<byte> row, Span<byte> rgb, PngHeader header)
    {
        if (header.BitDepth < 8)
        {
            Unpack(row, rgb, header);
            return;
        }

        int sample = header.BitDepth / 8, pixel = sample * header.Samples;
        if (header.ColorType == 2 && sample == 1)
        {
            row.CopyTo(rgb);
        }
        else if (header.ColorType == 3)
        {
            for (int from = 0, to = 0; to < rgb.Length; from++, to += 3)
            {
                Color(row[from], header.Palette).CopyTo(rgb[to..]);
            }
        }
        else if (header.Samples >= 3)
        {
            for (int from = 0, to = 0; to < rgb.Length; from += pixel, to += 3)
            {
                (rgb[to], rgb[to + 1], rgb[to + 2]) = (row[from], row[from + sample], row[from + (2 * sample)]);
            }
        }
        else
        {
            for (int from = 0, to = 0; to < rgb.Length; from += pixel, to += 3)
            {
                rgb[to] = rgb[to + 1] = rgb[to + 2] = row[from];
            }
        }
    }

    private static void Unpack(ReadOnlySpan<byte> row, Span<byte> rgb, PngHeader header)
    {
        int bits = header.BitDepth, most = (1 << bits) - 1;
        for (int x = 0, to = 0; to < rgb.Length; x++, to += 3)
        {
            int at = x * bits;
            int value = (row[at >> 3] >> (8 - bits - (at & 7))) & most;
            if (header.ColorType == 3)
            {
                Color(value, header.Palette).CopyTo(rgb[to..]);
            }
            else
            {
                rgb[to] = rgb[to + 1] = rgb[to + 2] = (byte)(value * 255 / most);
            }
        }
    }

    // Beyond the palette its last colour.
    private static ReadOnlySpan<byte> Color(int index, byte[] palette) => palette.AsSpan(Math.Min(index * 3, palette.Length - 3), 3);
}
