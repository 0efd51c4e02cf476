namespace MfpClip.Data.Masks;

/// <summary>Reads mask files: a pixel is defect where it is not black, in lossy files from half brightness on.</summary>
/// <param name="decoder">For all but PNG.</param>
/// <param name="limits">What a mask may cost.</param>
internal sealed class MaskReader(IImageDecoder decoder, ImageLimits limits)
{
    private const int BitsPerSample = 258, Compression = 259;

    /// <summary>Reads an encoded mask.</summary>
    /// <exception cref="ImageDecodeException">It cannot be decoded.</exception>
    /// <exception cref="InvalidDataException">It is a damaged PNG, or too large.</exception>
    /// <exception cref="DataSetException">What it says is not clear, or is lost by the decoder.</exception>
    public (AnomalyMask Mask, MaskNotices Notices) Read(byte[] file, string path)
    {
        if (PngMask.Is(file))
        {
            return OfPng(file, path);
        }

        bool tiff = file is [0x49, 0x49, 0x2a, 0, ..] or [0x4d, 0x4d, 0, 0x2a, ..];
        if (tiff && ExifOrientation.Value(file, BitsPerSample) > 8)
        {
            throw new DataSetException(DataSetFault.UnreadableImage, path,
                $"it has {ExifOrientation.Value(file, BitsPerSample)} bits a sample, of which a decoder keeps 8: small numbers would be lost. Save it as PNG.");
        }

        // Its bits a sample are not looked up here.
        if (file is [0x49, 0x49, 0x2b, 0, ..] or [0x4d, 0x4d, 0, 0x2b, ..])
        {
            throw new DataSetException(DataSetFault.UnreadableImage, path, "it is a BigTIFF, which is not read as a mask. Save it as PNG.");
        }

        bool lossy = file is [0xff, 0xd8, ..] || IsLossyWebP(file) || (tiff && ExifOrientation.Value(file, Compression) is 6 or 7);
        var image = decoder.Decode(file, path, limits);
        var values = new bool[image.Width * image.Height];
        for (int i = 0; i < values.Length; i++)
        {
            byte brightest = Math.Max(image.Data[3 * i], Math.Max(image.Data[(3 * i) + 1], image.Data[(3 * i) + 2]));
            values[i] = lossy ? brightest > 127 : brightest > 0;
        }

        return (new(image.Width, image.Height, values), lossy ? MaskNotices.Lossy : MaskNotices.None);
    }

    private (AnomalyMask Mask, MaskNotices Notices) OfPng(byte[] file, string path)
    {
        if (file.LongLength > limits.MaximumBytes)
        {
            throw new InvalidDataException($"it has {file.LongLength} bytes, more than the limit of {limits.MaximumBytes} (ImageLimits.MaximumBytes)");
        }

        var png = PngMask.Read(file, limits.MaximumPixels);
        var (bit, notices) = (PngMask.Colour, MaskNotices.None);
        if (png.HasPalette && !Varies(png.Pixels, PngMask.Colour) && Varies(png.Pixels, PngMask.Index))
        {
            (bit, notices) = (PngMask.Index, MaskNotices.FromIndices);
        }

        if (png.Alpha.Lowest < png.Alpha.Highest && !Array.Exists(png.Pixels, p => (p & bit) != 0))
        {
            (bit, notices) = png.Alpha.Lowest == 0 ? (PngMask.Visible, MaskNotices.FromAlpha) : throw new DataSetException(DataSetFault.Malformed, path,
                $"its colours are black and its alpha runs from {png.Alpha.Lowest} to {png.Alpha.Highest}: where the defect is is not clear. Save it as black "
                + "and white without alpha.");
        }
        else if (png.Alpha is (0, > 0))
        {
            // What is fully transparent is not seen, whatever colour is stored.
            bit |= PngMask.Visible;
            notices |= Array.Exists(png.Pixels, p => (p & bit) == (bit & ~PngMask.Visible)) ? MaskNotices.FromAlpha : MaskNotices.None;
        }

        var (values, width, height) = Orientation.Upright([.. png.Pixels.Select(p => (p & bit) == bit)], png.Width, png.Height, ExifOrientation.Of(file));
        return (new(width, height, values), notices);
    }

    private static bool Varies(byte[] pixels, byte bit) => Array.Exists(pixels, p => ((p ^ pixels[0]) & bit) != 0);

    // A lossy frame is a chunk "VP8 "; lossless ones are "VP8L".
    private static bool IsLossyWebP(ReadOnlySpan<byte> file) =>
        file is [0x52, 0x49, 0x46, 0x46, _, _, _, _, 0x57, 0x45, 0x42, 0x50, ..] && file.IndexOf("VP8 "u8) >= 0 && file.IndexOf("VP8L"u8) < 0;
}
