using System.Globalization;
using MfpClip.Files;

namespace MfpClip.Imaging;

/// <summary>
/// Resizes so that the shorter side has one length, keeping the aspect ratio, then cuts what is no whole patch off at the right and the bottom: results
/// differ in size from image to image (AnomalyDINO, arXiv 2405.14529; dammsi/AnomalyDINO, src/backbones.py).
/// </summary>
/// <param name="edge">Length of the shorter side in pixels, before the cut; 448 and 672 in the paper. At least <paramref name="multiple"/>.</param>
/// <param name="multiple">Side of a patch: sides of the result are multiples of it.</param>
public sealed class ShorterEdgeResize(int edge, int multiple) : IImagePreprocessor
{
    /// <summary>Longer sides are this many times the shorter at most: a hair-thin picture would otherwise take all memory.</summary>
    private const int MostAspect = 64;

    /// <inheritdoc/>
    public int Size { get; } =
        edge >= multiple ? edge : throw new ArgumentOutOfRangeException(nameof(edge), edge, $"It is shorter than a patch of {multiple}.");

    /// <summary>Side of a patch.</summary>
    public int Multiple { get; } = multiple > 0 ? multiple : throw new ArgumentOutOfRangeException(nameof(multiple));

    /// <summary>How pixels are weighted.</summary>
    /// <value>Default <see cref="ResizeFilter.Bicubic"/>.</value>
    public ResizeFilter Filter { get; init; }

    /// <inheritdoc/>
    public bool IsSquare => false;

    /// <inheritdoc/>
    public bool CoversWholeImage => false;

    /// <inheritdoc/>
    public StageDescription Describe() => new()
    {
        Id = "preprocessing",
        Implementation = "shorter-edge-resize",
        Settings = SettingsJson.Of(new { Size, Multiple, Filter }),
        Stage = "preprocessing",
        Component = $"shorter side resize ({(Filter == ResizeFilter.Bicubic ? "bicubic" : "bilinear")}, antialias, 8-bit as Pillow), cut to whole patches",
        Options = new Dictionary<string, string>
        {
            ["shorter_side"] = Size.ToString(CultureInfo.InvariantCulture), ["patch"] = Multiple.ToString(CultureInfo.InvariantCulture),
        },
    };

    /// <inheritdoc/>
    /// <exception cref="ImageDecodeException">The image is so narrow that its longer side would be beyond all measure.</exception>
    public PreprocessedImage Prepare(RgbImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        var (width, height) = Sides(image, Size);
        var resized = PillowResize.Resize(image, width, height, Filter);
        int columns = width - (width % Multiple), rows = height - (height % Multiple);
        return new(
            PixelCrop.Take(resized, 0, 0, columns, rows),
            new(0, 0, (double)image.Width * columns / width, (double)image.Height * rows / height));
    }

    /// <summary>Width and height when the shorter side becomes <paramref name="edge"/> long; the longer one is truncated, as torchvision does.</summary>
    internal static (int Width, int Height) Sides(RgbImage image, int edge)
    {
        int longer = Math.Max(image.Width, image.Height), shorter = Math.Min(image.Width, image.Height);
        if (longer > (long)shorter * MostAspect)
        {
            throw new ImageDecodeException($"{image.Width} x {image.Height}",
                $"one side is more than {MostAspect} times the other, too narrow to be resized with its aspect ratio kept. Cut it into parts.");
        }

        int length = (int)((long)edge * longer / shorter);
        return image.Width > image.Height ? (length, edge) : (edge, length);
    }
}
