namespace MfpClip;

/// <summary>Decoded pixels: 8-bit RGB, rows from the top, three bytes a pixel, no padding between rows.</summary>
public sealed class RgbImage
{
    /// <summary>Wraps pixels without copying them; the caller must not change them afterwards.</summary>
    /// <param name="width">Pixels a row, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="pixels">Exactly <c>width * height * 3</c> bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">A side is below 1.</exception>
    /// <exception cref="ArgumentException">The number of bytes does not fit the sides.</exception>
    public RgbImage(int width, int height, byte[] pixels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentNullException.ThrowIfNull(pixels);
        if (pixels.LongLength != (long)width * height * 3)
        {
            throw new ArgumentException(
                $"{width} x {height} RGB pixels need {(long)width * height * 3} bytes, but {pixels.LongLength} were given.", nameof(pixels));
        }

        Width = width;
        Height = height;
        Data = pixels;
    }

    /// <summary>Pixels a row.</summary>
    public int Width { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>All bytes, row by row.</summary>
    public ReadOnlySpan<byte> Pixels => Data;

    /// <summary>The wrapped array, for code that needs one; treat it as read-only.</summary>
    public byte[] Data { get; }
}
