using MfpClip.Imaging;

namespace MfpClip.ImageSharp;

/// <summary>
/// Adds TIFF to a decoder that does not read it: files that begin as TIFF are decoded through ImageSharp, every other through the decoder around it.
/// No other decoder of ImageSharp is reached by a file's content. Safe for concurrent callers.
/// </summary>
/// <param name="inner">Decodes everything else; <see langword="null"/>: <see cref="SkiaImageDecoder"/>.</param>
public sealed class TiffFallbackDecoder(IImageDecoder? inner = null) : IImageDecoder
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
}
