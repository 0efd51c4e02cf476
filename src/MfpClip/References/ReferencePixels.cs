using MfpClip.Imaging;
using MfpClip.Imaging.Tiles;

namespace MfpClip.References;

/// <summary>A normal image to be stored: decoded, or, where it is large and cut into tiles, a file whose rows are read as often as they are needed.</summary>
internal sealed class ReferencePixels
{
    private readonly Func<IImageRowReader> _open;

    private ReferencePixels(string id, int width, int height, RgbImage? pixels, Func<IImageRowReader> open) =>
        (Id, Width, Height, Pixels, _open) = (id, width, height, pixels, open);

    /// <summary>Which image it is (<see cref="ReferenceId"/>).</summary>
    public string Id { get; }

    public int Width { get; }

    public int Height { get; }

    /// <summary>Its pixels; <see langword="null"/>: too large to be held, read <see cref="OpenRows"/>.</summary>
    public RgbImage? Pixels { get; }

    /// <summary>Reads an image, all of it, so that a damaged one is known.</summary>
    /// <param name="image">The image.</param>
    /// <param name="input">How it is decoded.</param>
    /// <param name="tiling">How it is cut; <see langword="null"/>: not at all.</param>
    /// <param name="cancellationToken">Checked between rows.</param>
    /// <exception cref="ImageDecodeException">It cannot be read, or exceeds the limits.</exception>
    public static ReferencePixels Read(ImageInput image, InputSettings input, TilingOptions? tiling, CancellationToken cancellationToken)
    {
        if (tiling is not null && ImageReader.OpenRowsOfLarge(image, input.Decoder, tiling) is { } rows)
        {
            using (rows)
            {
                return new(ReferenceId.Of(rows, cancellationToken), rows.Width, rows.Height, null, () => Open(image, input, tiling, rows.Width, rows.Height));
            }
        }

        var pixels = input.Decode(image);
        return new(ReferenceId.Of(pixels), pixels.Width, pixels.Height, pixels, () => new DecodedRows(pixels));
    }

    /// <summary>Its rows from the top; the reader is the caller's.</summary>
    /// <exception cref="ImageDecodeException">The file is not what it was when it was read first.</exception>
    public IImageRowReader OpenRows() => _open();

    private static IImageRowReader Open(ImageInput image, InputSettings input, TilingOptions tiling, int width, int height)
    {
        var rows = ImageReader.OpenRowsOfLarge(image, input.Decoder, tiling);
        if (rows is not null && (rows.Width, rows.Height) == (width, height))
        {
            return rows;
        }

        rows?.Dispose();
        throw new ImageDecodeException(image.Name, "it changed while it was read. Give a file that nobody writes to.");
    }
}
