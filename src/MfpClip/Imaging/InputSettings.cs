using MfpClip.Imaging.Tiles;

namespace MfpClip.Imaging;

/// <summary>How an image becomes the model's input: decoder, preprocessor and what an image may cost.</summary>
public sealed record InputSettings
{
    /// <summary>Decodes files, streams and bytes.</summary>
    public required IImageDecoder Decoder { get; init; }

    /// <summary>Brings the image to the model's size.</summary>
    public required IImagePreprocessor Preprocessor { get; init; }

    /// <summary>What an image may cost before it is refused.</summary>
    public required ImageLimits Limits { get; init; }

    /// <summary>Decodes within the limits.</summary>
    /// <exception cref="ImageDecodeException">The image cannot be read, or costs more than it may.</exception>
    public RgbImage Decode(ImageInput image) => ImageReader.Read(image, Decoder, Limits);

    /// <summary>
    /// A small picture of an image, for people: each pixel is the mean of a square block. Memory is bounded by it where the image is read by rows.
    /// </summary>
    /// <param name="image">The image.</param>
    /// <param name="longestSide">Longer side of the picture at most, in pixels.</param>
    /// <param name="limits">
    /// What an image may cost that is read by rows, where the decoder and its format can (<see cref="IImageRowDecoder"/>);
    /// <see langword="null"/>: the defaults. Others are decoded as a whole within <see cref="Limits"/>.
    /// </param>
    /// <param name="cancellationToken">Checked between rows.</param>
    /// <returns>The picture; the image as it is where it is not larger.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The side is below 1.</exception>
    /// <exception cref="ImageDecodeException">The image cannot be read, or costs more than it may.</exception>
    public RgbImage DecodeReduced(ImageInput image, int longestSide, RowLimits? limits = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentOutOfRangeException.ThrowIfLessThan(longestSide, 1);
        using var reader = ImageReader.OpenRows(image, Decoder, limits ?? new());
        var pixels = reader is null ? Decode(image) : null;
        if (pixels is not null && Math.Max(pixels.Width, pixels.Height) <= longestSide)
        {
            return pixels;
        }

        var rows = reader ?? new DecodedRows(pixels!);
        var overview = new ImageOverview(rows.Width, rows.Height, longestSide);
        rows.ReadAll((_, row) => overview.Add(row), cancellationToken);
        return overview.ToImage();
    }

    // 518 as given by the paper; patches of 16 or 32 pixels do not divide it.
    internal static int DefaultSize(int patch) => Math.Max((int)Math.Round(518.0 / patch), 1) * patch;
}
