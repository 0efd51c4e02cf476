using MfpClip.Files;

namespace MfpClip.Imaging;

/// <summary>Brings an image to the size the model takes, and knows which part of the image the model then sees.</summary>
public interface IImagePreprocessor
{
    /// <summary>Side of the square result in pixels; where results are not square, the length of the shorter side before it is cut to whole patches.</summary>
    int Size { get; }

    /// <summary>Whether every result is <see cref="Size"/> x <see cref="Size"/>; else sizes may differ from image to image.</summary>
    bool IsSquare => true;

    /// <summary>Whether the result shows the whole image.</summary>
    bool CoversWholeImage => true;

    /// <summary>For <see cref="IZeroShotDetector.Description"/>.</summary>
    StageDescription Describe();

    /// <summary>Resizes. Safe for concurrent callers.</summary>
    PreprocessedImage Prepare(RgbImage image);
}

/// <summary>What the model sees.</summary>
/// <param name="Pixels">8-bit RGB; <c>Size x Size</c> where the preprocessor's results are square.</param>
/// <param name="Covered">The part of the image that it shows, in pixels of the image; fractions of pixels at a crop's edge.</param>
public sealed record PreprocessedImage(RgbImage Pixels, CoveredArea Covered);

/// <summary>A rectangle in pixels of the image.</summary>
/// <param name="X">Left edge.</param>
/// <param name="Y">Top edge.</param>
/// <param name="Width">Width.</param>
/// <param name="Height">Height.</param>
public readonly record struct CoveredArea(double X, double Y, double Width, double Height);

/// <summary>Resizes to a square without keeping the aspect ratio: nothing of the image is cut off. The paper's preprocessing.</summary>
/// <param name="size">Side in pixels; 518 in the paper.</param>
public sealed class SquareResize(int size) : IImagePreprocessor
{
    /// <inheritdoc/>
    public int Size { get; } = size;

    /// <inheritdoc/>
    public StageDescription Describe() => new()
    {
        Id = "preprocessing",
        Implementation = "square-resize",
        Settings = SettingsJson.Of(new { Size }),
        Stage = "preprocessing",
        Component = "square resize (bicubic, antialias, 8-bit as Pillow)",
        Options = new Dictionary<string, string> { ["size"] = Size.ToString(System.Globalization.CultureInfo.InvariantCulture) },
    };

    /// <inheritdoc/>
    public PreprocessedImage Prepare(RgbImage image) => new(PillowResize.Resize(image, Size, Size), new(0, 0, image.Width, image.Height));
}
