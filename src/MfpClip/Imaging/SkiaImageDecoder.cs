using System.Runtime.InteropServices;
using MfpClip.Imaging.Rows;
using SkiaSharp;

namespace MfpClip.Imaging;

/// <summary>
/// Decodes PNG, JPEG, BMP, GIF, WebP and ICO through SkiaSharp. EXIF orientation is applied, 16-bit samples are scaled to 8 bits,
/// alpha is dropped: transparent pixels have the colour that the file gives them. Colour profiles are not applied. Upright JPEG, PNG that is not interlaced
/// and uncompressed BMP are read by rows, too; PNG and BMP then without SkiaSharp, to the same pixels.
/// </summary>
public sealed class SkiaImageDecoder : IImageRowDecoder
{
    /// <inheritdoc/>
    public string Name => "SkiaSharp";

    /// <inheritdoc/>
    public IReadOnlyCollection<string> FileExtensions { get; } = [.. ImageFileExtensions.Common, ".apng", ".ico", ".cur", ".wbmp"];

    /// <inheritdoc/>
    public RgbImage Decode(ReadOnlyMemory<byte> encoded, string source, ImageLimits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        if (encoded.IsEmpty)
        {
            throw new ImageDecodeException(source, "it is empty (0 bytes).");
        }

        if (encoded.Length > limits.MaximumBytes)
        {
            throw new ImageDecodeException(source, $"it has {encoded.Length} bytes, more than the limit of {limits.MaximumBytes} (ImageLimits.MaximumBytes).");
        }

        JpegStructure.Read(encoded.Span)?.CheckScans(source);
        var transparency = GifTransparency.Remove(encoded.Span);
        encoded = transparency?.Bytes ?? BitmapHeader.Complete(encoded);
        using var handle = encoded.Pin();
        unsafe
        {
            using var data = SKData.Create((IntPtr)handle.Pointer, encoded.Length);
            using var codec = SKCodec.Create(data) ?? throw new ImageDecodeException(
                source, "it is not an image of a known kind (PNG, JPEG, BMP, GIF, WebP), or its header is damaged.");
            if (Large(codec, encoded, source, limits) is { } large)
            {
                return large;
            }

            byte[] rgba = Decode(codec, source, limits);
            if (transparency is not null)
            {
                Fill(rgba, transparency);
            }

            return Upright(rgba, codec.Info.Width, codec.Info.Height, ExifOrientation.OfPng(encoded.Span) is { } stated
                ? (SKEncodedOrigin)stated : codec.EncodedOrigin);
        }
    }

    /// <inheritdoc/>
    public IImageRowReader? OpenRows(string path, RowLimits limits)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        ArgumentNullException.ThrowIfNull(limits);
        return ImageFileRows.Open(path, limits);
    }

    private static void Fill(byte[] rgba, GifTransparency color)
    {
        for (int i = 0; i < rgba.Length; i += 4)
        {
            if (rgba[i + 3] == 0)
            {
                (rgba[i], rgba[i + 1], rgba[i + 2]) = (color.Red, color.Green, color.Blue);
            }
        }
    }

    // No colour space: the stored numbers, as every reference implementation reads them.
    private static SKImageInfo Target(SKCodec codec) => new(codec.Info.Width, codec.Info.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul, null);

    // Of an upright image; null where it is small, or must be decoded whole.
    private static RgbImage? Large(SKCodec codec, ReadOnlyMemory<byte> encoded, string source, ImageLimits limits)
    {
        CheckSize(codec, source, limits);
        var (width, height) = (codec.Info.Width, codec.Info.Height);
        if ((long)width * height < LargeImage.Pixels || codec.EncodedOrigin != SKEncodedOrigin.TopLeft)
        {
            return null;
        }

        return codec.EncodedFormat == SKEncodedImageFormat.Jpeg
            ? LargeImage.Scanlines(codec, Target(codec), source) is { } rgb ? new(width, height, rgb) : null
            : LargeImage.Decode(encoded, source, limits);
    }

    private static void CheckSize(SKCodec codec, string source, ImageLimits limits)
    {
        var (width, height) = (codec.Info.Width, codec.Info.Height);
        if (width < 1 || height < 1)
        {
            throw new ImageDecodeException(source, $"its size is {width} x {height}.");
        }

        // Before any pixel is allocated: a small file can declare a huge image.
        if ((long)width * height > limits.MaximumPixels || (long)width * height * 4 > int.MaxValue)
        {
            throw new ImageDecodeException(source, $"it declares {width} x {height} pixels, more than the limit of "
                + $"{Math.Min(limits.MaximumPixels, int.MaxValue / 4)} (ImageLimits.MaximumPixels).");
        }

        ImageReader.CheckSides(width, height, source, limits);
    }

    private static byte[] Decode(SKCodec codec, string source, ImageLimits limits)
    {
        var (width, height) = (codec.Info.Width, codec.Info.Height);
        var rgba = new byte[width * height * 4];
        var pinned = GCHandle.Alloc(rgba, GCHandleType.Pinned);
        SKCodecResult result;
        try
        {
            result = codec.GetPixels(Target(codec), pinned.AddrOfPinnedObject());
        }
        finally
        {
            pinned.Free();
        }

        if (result != SKCodecResult.Success)
        {
            throw new ImageDecodeException(source, result == SKCodecResult.IncompleteInput
                ? "it is truncated: the file ends before the image does." : $"its pixels cannot be decoded ({result}); the file is damaged.");
        }

        return rgba;
    }

    private static RgbImage Upright(byte[] rgba, int width, int height, SKEncodedOrigin origin)
    {
        bool turned = origin is SKEncodedOrigin.LeftTop or SKEncodedOrigin.RightTop or SKEncodedOrigin.RightBottom or SKEncodedOrigin.LeftBottom;
        var (w, h) = turned ? (height, width) : (width, height);
        var rgb = new byte[w * h * 3];
        int to = 0;
        for (int y = 0; y < h; y++)
        {
            for (int x = 0; x < w; x++, to += 3)
            {
                var (sx, sy) = origin switch
                {
                    SKEncodedOrigin.TopRight => (width - 1 - x, y),
                    SKEncodedOrigin.BottomRight => (width - 1 - x, height - 1 - y),
                    SKEncodedOrigin.BottomLeft => (x, height - 1 - y),
                    SKEncodedOrigin.LeftTop => (y, x),
                    SKEncodedOrigin.RightTop => (y, height - 1 - x),
                    SKEncodedOrigin.RightBottom => (width - 1 - y, height - 1 - x),
                    SKEncodedOrigin.LeftBottom => (width - 1 - y, x),
                    _ => (x, y),
                };
                int from = ((sy * width) + sx) * 4;
                (rgb[to], rgb[to + 1], rgb[to + 2]) = (rgba[from], rgba[from + 1], rgba[from + 2]);
            }
        }

        return new RgbImage(w, h, rgb);
    }
}
