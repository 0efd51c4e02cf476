using SkiaSharp;

namespace MfpClip.Imaging.Rows;

/// <summary>
/// Decodes a large image that lies in memory straight into the array that is returned, row by row: a small file that declares many pixels then costs three
/// bytes a pixel, not ten.
/// </summary>
internal static class LargeImage
{
    /// <summary>Pixels from which it is worth it; below, Skia decodes as a whole.</summary>
    public const long Pixels = 16L << 20;

    /// <summary>Decodes.</summary>
    /// <param name="encoded">The whole file.</param>
    /// <param name="source">Name in errors.</param>
    /// <param name="limits">What it may cost.</param>
    /// <returns>The image; <see langword="null"/> where the kind of file cannot be read by rows.</returns>
    /// <exception cref="ImageDecodeException">It is damaged or truncated.</exception>
    public static RgbImage? Decode(ReadOnlyMemory<byte> encoded, string source, ImageLimits limits)
    {
        var start = encoded.Span;
        bool png = start.StartsWith(PngHeader.Signature);
        if (!png && !start.StartsWith("BM"u8))
        {
            return null;
        }

        var rows = new RowLimits { MaximumPixels = limits.MaximumPixels };
        using var stream = new ReadOnlyMemoryStream(encoded);
        using IImageRowReader? reader = png ? PngRows.Open(stream, source, rows) : BitmapRows.Open(stream, source, rows);
        if (reader is null)
        {
            return null;
        }

        byte[] rgb = new byte[checked(reader.Width * reader.Height * 3)];
        int row = reader.Width * 3;
        for (int y = 0; y < reader.Height; y++)
        {
            reader.Read(rgb.AsSpan(y * row, row));
        }

        return new(reader.Width, reader.Height, rgb);
    }

    /// <summary>Decodes by Skia's scanlines, for JPEG.</summary>
    /// <param name="codec">Of the file.</param>
    /// <param name="info">What it is decoded to: four bytes a pixel.</param>
    /// <param name="source">Name in errors.</param>
    /// <returns>The image as it lies in the file; <see langword="null"/> where it has no scanlines from the top.</returns>
    /// <exception cref="ImageDecodeException">It is truncated.</exception>
    public static byte[]? Scanlines(SKCodec codec, SKImageInfo info, string source)
    {
        if (codec.StartScanlineDecode(info) != SKCodecResult.Success || codec.ScanlineOrder != SKCodecScanlineOrder.TopDown)
        {
            return null;
        }

        const int AtOnce = 64;
        byte[] rgb = new byte[checked(info.Width * info.Height * 3)], rgba = GC.AllocateUninitializedArray<byte>(info.Width * 4 * AtOnce, pinned: true);
        int to = 0;
        for (int y = 0; y < info.Height; y += AtOnce)
        {
            int count = Math.Min(AtOnce, info.Height - y);
            unsafe
            {
                fixed (byte* pointer = rgba)
                {
                    // Fewer rows than asked for: the data ended, and Skia fills up the rest.
                    if (codec.GetScanlines((IntPtr)pointer, count, info.Width * 4) < count)
                    {
                        throw RowChecks.Truncated(source);
                    }
                }
            }

            for (int from = 0; from < count * info.Width * 4; from += 4, to += 3)
            {
                (rgb[to], rgb[to + 1], rgb[to + 2]) = (rgba[from], rgba[from + 1], rgba[from + 2]);
            }
        }

        return rgb;
    }
}
