using MfpClip.Imaging;
using MfpClip.Imaging.Rows;

namespace MfpClip.Tiff;

/// <summary>
/// Adds TIFF and BigTIFF to another decoder, whole and by rows, through LibTiff.NET. Of several pages the first is read. Safe for concurrent callers.
/// </summary>
/// <remarks>
/// Strips and tiles, samples together or in planes; no compression, LZW, Deflate, PackBits or JPEG; grey, palette, RGB and YCbCr of JPEG; 1, 2, 4, 8 and 16
/// bits a sample, of which the upper eight are taken. Alpha is dropped, the orientation is applied, colour profiles are not. What is stored otherwise
/// (floating-point samples, CMYK, fax compression) goes to the inner decoder where that reads TIFF, else it is refused.
/// </remarks>
/// <param name="inner">Decodes everything else; <see langword="null"/>: <see cref="SkiaImageDecoder"/>.</param>
public sealed class TiffImageDecoder(IImageDecoder? inner = null) : IImageRowDecoder
{
    private static readonly string[] _extensions = [".tif", ".tiff"];
    private readonly IImageDecoder _inner = inner ?? new SkiaImageDecoder();

    /// <summary>Name of the inner decoder: what it reads, this one reads alike.</summary>
    public string Name => _inner.Name;

    /// <inheritdoc/>
    public IReadOnlyCollection<string> FileExtensions => [.. _inner.FileExtensions.Union(_extensions, StringComparer.OrdinalIgnoreCase)];

    private bool InnerReadsTiff => _inner.FileExtensions.Contains(".tif", StringComparer.OrdinalIgnoreCase);

    /// <inheritdoc/>
    public RgbImage Decode(ReadOnlyMemory<byte> encoded, string source, ImageLimits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        using var file = TiffBytes.Of(encoded);
        if (!file.IsTiff())
        {
            return _inner.Decode(encoded, source, limits);
        }

        if (encoded.Length > limits.MaximumBytes)
        {
            throw new ImageDecodeException(source, $"it has {encoded.Length} bytes, more than the limit of {limits.MaximumBytes} (ImageLimits.MaximumBytes).");
        }

        var directory = new TiffDirectory(file, source);
        var layout = TiffLayout.Read(directory, source);
        if (layout.Unsupported is { } reason)
        {
            return InnerReadsTiff ? _inner.Decode(encoded, source, limits) : throw NotRead(source, reason);
        }

        if ((double)layout.Width * layout.Height > Math.Min(limits.MaximumPixels, Array.MaxLength / 3))
        {
            throw new ImageDecodeException(source, $"it declares {layout.Width} x {layout.Height} pixels, more than the limit of "
                + $"{Math.Min(limits.MaximumPixels, Array.MaxLength / 3)} (ImageLimits.MaximumPixels).");
        }

        // As much again as the pixels, and the encoded data of a strip.
        using var rows = TiffRows.Open(file, directory, layout, source,
            new() { MaximumPixels = limits.MaximumPixels, MaximumMemory = (limits.MaximumPixels * 6) + limits.MaximumBytes });
        byte[] rgb = new byte[rows.Width * rows.Height * 3];
        rows.Read(rgb);
        return TiffOrientation.Upright(new RgbImage(rows.Width, rows.Height, rgb), layout.Orientation);
    }

    /// <inheritdoc/>
    public IImageRowReader? OpenRows(string path, RowLimits limits)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        ArgumentNullException.ThrowIfNull(limits);
        TiffBytes? file = null;
        TiffRows? rows = null;
        try
        {
            file = TiffBytes.Open(path);
            if (!file.IsTiff())
            {
                return (_inner as IImageRowDecoder)?.OpenRows(path, limits);
            }

            var directory = new TiffDirectory(file, path);
            var layout = TiffLayout.Read(directory, path);
            if (layout.Unsupported is { } reason)
            {
                return InnerReadsTiff ? null : throw NotRead(path, reason);
            }

            RowChecks.Size(layout.Width, layout.Height, path, limits);
            return rows = layout.Orientation == 1 ? TiffRows.Open(file, directory, layout, path, limits) : null;
        }
        catch (Exception e) when (UnreadableFile.Is(e))
        {
            throw UnreadableFile.Error(path, path, e);
        }
        finally
        {
            if (rows is null)
            {
                file?.Dispose();
            }
        }
    }

    private static ImageDecodeException NotRead(string source, string reason) =>
        new(source, $"a TIFF with {reason} is not read; save it with 8 or 16 bits a sample, grey or RGB, without compression or with LZW or Deflate.");
}
