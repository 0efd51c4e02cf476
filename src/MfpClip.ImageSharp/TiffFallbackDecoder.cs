using MfpClip.Imaging;

namespace MfpClip.ImageSharp;

/// <summary>
/// Adds TIFF to a decoder that does not read it: files that begin as TIFF are decoded through ImageSharp, every other through the decoder around it.
/// No other decoder of ImageSharp is reached by a file's content. By rows it reads what the decoder around it does, never TIFF. Safe for concurrent callers.
/// </summary>
/// <param name="inner">Decodes everything else; <see langword="null"/>: <see cref="SkiaImageDecoder"/>.</param>
public sealed class TiffFallbackDecoder(IImageDecoder? inner = null) : IImageRowDecoder
{
    private readonly IImageDecoder _inner = inner ?? new SkiaImageDecoder();
    private readonly ImageSharpDecoder _tiff = ImageSharpDecoder.OfTiff();

    /// <summary>Name of the inner decoder: what it reads, this one reads alike.</summary>
    public string Name => _inner.Name;

    /// <inheritdoc/>
    public IReadOnlyCollection<string> FileExtensions => [.. _inner.FileExtensions.Union([".tif", ".tiff"], StringComparer.OrdinalIgnoreCase)];

    /// <inheritdoc/>
    public RgbImage Decode(ReadOnlyMemory<byte> encoded, string source, ImageLimits limits) =>
        (TiffFile.Begins(encoded.Span) ? (IImageDecoder)_tiff : _inner).Decode(encoded, source, limits);

    /// <inheritdoc/>
    public IImageRowReader? OpenRows(string path, RowLimits limits)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        ArgumentNullException.ThrowIfNull(limits);
        if (_inner is not IImageRowDecoder inner)
        {
            return null;
        }

        Span<byte> start = stackalloc byte[16];
        try
        {
            using var file = File.OpenRead(path);
            start = start[..file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
        }
        catch (Exception e) when (UnreadableFile.Is(e))
        {
            throw UnreadableFile.Error(path, path, e);
        }

        return TiffFile.Begins(start) ? null : inner.OpenRows(path, limits);
    }
}
