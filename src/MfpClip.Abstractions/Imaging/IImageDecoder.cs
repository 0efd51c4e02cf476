namespace MfpClip;

/// <summary>Turns an encoded image into 8-bit RGB pixels. Implementations are safe for concurrent callers.</summary>
public interface IImageDecoder
{
    /// <summary>Name for <see cref="IZeroShotDetector.Description"/>.</summary>
    string Name { get; }

    /// <summary>File name extensions of what it reads, with the dot, in lower case: folders are searched for them (<see cref="ImageSearch"/>).</summary>
    /// <value>Default <see cref="ImageFileExtensions.Common"/>.</value>
    IReadOnlyCollection<string> FileExtensions => ImageFileExtensions.Common;

    /// <summary>Decodes one image: upright (EXIF orientation applied), grey and palette images widened to RGB, alpha dropped.</summary>
    /// <param name="encoded">The whole encoded image.</param>
    /// <param name="source">Name used in errors, usually the path.</param>
    /// <param name="limits">Checked against the declared size before pixels are allocated.</param>
    /// <exception cref="ImageDecodeException">Not an image, truncated, or beyond the limits.</exception>
    RgbImage Decode(ReadOnlyMemory<byte> encoded, string source, ImageLimits limits);
}

/// <summary>What an image may cost before it is refused.</summary>
public sealed record ImageLimits
{
    /// <summary>Largest number of pixels an image may declare.</summary>
    /// <value>Default 100 million.</value>
    public long MaximumPixels { get; init; } = 100_000_000;

    /// <summary>How many times as long as the other a side may be: a hair-thin image takes much memory and shows nothing once it is resized.</summary>
    /// <value>Default 1,000.</value>
    public double MaximumSideRatio { get; init; } = 1000;

    /// <summary>Largest encoded size in bytes.</summary>
    /// <value>Default 256 MiB.</value>
    public long MaximumBytes { get; init; } = 256L * 1024 * 1024;
}
