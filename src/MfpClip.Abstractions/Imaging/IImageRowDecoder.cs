namespace MfpClip;

/// <summary>A decoder that can also give the rows of an image one after the other, without holding the whole. Safe for concurrent callers.</summary>
public interface IImageRowDecoder : IImageDecoder
{
    /// <summary>Opens a file for reading by rows. The pixels are those that <see cref="IImageDecoder.Decode"/> gives.</summary>
    /// <param name="path">The image file; it stays open until the reader is disposed.</param>
    /// <param name="limits">Checked against what the file declares before anything is allocated for pixels.</param>
    /// <returns>
    /// The reader; <see langword="null"/> where this image cannot be read so (interlaced, turned by EXIF, a format that decodes as a whole): decode it whole.
    /// </returns>
    /// <exception cref="ImageDecodeException">The file cannot be read, is no image, or is beyond the limits.</exception>
    IImageRowReader? OpenRows(string path, RowLimits limits);
}

/// <summary>The rows of one image from the top. Not safe for concurrent callers.</summary>
public interface IImageRowReader : IDisposable
{
    /// <summary>Pixels a row.</summary>
    int Width { get; }

    /// <summary>Rows of the whole image.</summary>
    int Height { get; }

    /// <summary>Reads the next rows.</summary>
    /// <param name="rows">
    /// Filled with RGB, three bytes a pixel: its length is a multiple of <c>Width * 3</c> and reaches at most to the last row of the image.
    /// </param>
    /// <exception cref="ArgumentException">The length is no multiple of a row, or more rows are asked for than are left.</exception>
    /// <exception cref="ImageDecodeException">The file is truncated or damaged; nothing more can be read.</exception>
    void Read(Span<byte> rows);
}

/// <summary>What an image may cost that is read by rows before it is refused.</summary>
public sealed record RowLimits
{
    /// <summary>Largest number of pixels an image may declare.</summary>
    /// <value>Default 1000 million.</value>
    public long MaximumPixels { get; init; } = 1_000_000_000;

    /// <summary>Bytes that a decoder may hold besides the rows that it gives: a strip or a row of tiles, the coefficients of a progressive JPEG.</summary>
    /// <value>Default 512 MiB.</value>
    public long MaximumMemory { get; init; } = 512L * 1024 * 1024;
}
