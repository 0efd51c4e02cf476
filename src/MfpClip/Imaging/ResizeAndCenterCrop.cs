using System.Globalization;
using MfpClip.Files;

namespace MfpClip.Imaging;

/// <summary>
/// CLIP's own preprocessing (openai/CLIP, clip/clip.py, _transform): the shorter side to the size, then the middle square. With an <see cref="Edge"/> beyond
/// the size and <see cref="ResizeFilter.Bilinear"/> it is torchvision's for networks trained on ImageNet.
/// </summary>
/// <param name="size">Side of the result in pixels; 224 for most models.</param>
public sealed class ResizeAndCenterCrop(int size) : IImagePreprocessor
{
    /// <inheritdoc/>
    public int Size { get; } = size;

    /// <summary>Length of the shorter side before the crop, at least <see cref="Size"/>.</summary>
    /// <value>Default: the size.</value>
    public int Edge { get; init; } = size;

    /// <summary>How pixels are weighted.</summary>
    /// <value>Default <see cref="ResizeFilter.Bicubic"/>.</value>
    public ResizeFilter Filter { get; init; }

    /// <summary>Whether the aspect ratio is kept; else both sides become <see cref="Edge"/> long, as SubspaceAD's <c>--docrop</c>.</summary>
    /// <value>Default <see langword="true"/>.</value>
    public bool KeepsAspectRatio { get; init; } = true;

    /// <inheritdoc/>
    public bool CoversWholeImage => false;

    /// <inheritdoc/>
    public StageDescription Describe() => new()
    {
        Id = "preprocessing",
        Implementation = "resize-and-center-crop",
        Settings = Edge == Size && Filter == ResizeFilter.Bicubic && KeepsAspectRatio
            ? SettingsJson.Of(new { Size }) : SettingsJson.Of(new { Size, Edge, Filter, KeepsAspectRatio }),
        Stage = "preprocessing",
        Component = $"{(KeepsAspectRatio ? "shorter side" : "square")} resize and centre crop ({(Filter == ResizeFilter.Bicubic ? "bicubic" : "bilinear")}, "
            + "antialias, 8-bit as Pillow)",
        Options = new Dictionary<string, string>
        {
            ["size"] = Size.ToString(CultureInfo.InvariantCulture), ["resized_to"] = Edge.ToString(CultureInfo.InvariantCulture),
        },
    };

    /// <inheritdoc/>
    /// <exception cref="ImageDecodeException">The image is so narrow that its longer side would be beyond all measure.</exception>
    public PreprocessedImage Prepare(RgbImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        var (width, height) = KeepsAspectRatio ? ShorterEdgeResize.Sides(image, Edge) : (Edge, Edge);
        var resized = PillowResize.Resize(image, width, height, Filter);
        int left = Offset(width), top = Offset(height);
        double sx = (double)image.Width / width, sy = (double)image.Height / height;
        return new(PixelCrop.Take(resized, left, top, Size, Size), new(left * sx, top * sy, Size * sx, Size * sy));
    }

    // torchvision rounds half to even; Hugging Face's image processor, where both sides become Edge long, truncates.
    private int Offset(int length) => KeepsAspectRatio ? (int)Math.Round((length - Size) / 2.0, MidpointRounding.ToEven) : (length - Size) / 2;
}
