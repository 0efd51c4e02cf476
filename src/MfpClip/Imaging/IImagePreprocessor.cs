using MfpClip.Files;

namespace MfpClip.Imaging;

/// <summary>Brings an image to the size the model takes, and knows which part of the image the model then sees.</summary>
public interface IImagePreprocessor
{
    /// <summary>Side of the square result in pixels.</summary>
    int Size { get; }

    /// <summary>Whether the result shows the whole image.</summary>
    bool CoversWholeImage => true;

    /// <summary>For <see cref="IZeroShotDetector.Description"/>.</summary>
    StageDescription Describe();

    /// <summary>Resizes. Safe for concurrent callers.</summary>
    PreprocessedImage Prepare(RgbImage image);
}

/// <summary>What the model sees.</summary>
/// <param name="Pixels">8-bit RGB, <c>Size x Size</c>.</param>
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
    public PreprocessedImage Prepare(RgbImage image) => new(BicubicResize.Resize(image, Size, Size), new(0, 0, image.Width, image.Height));
}

/// <summary>CLIP's own preprocessing (openai/CLIP, clip/clip.py, _transform): the shorter side to the size, then the middle square.</summary>
/// <param name="size">Side in pixels; 224 for most models.</param>
public sealed class ResizeAndCenterCrop(int size) : IImagePreprocessor
{
    /// <inheritdoc/>
    public int Size { get; } = size;

    /// <inheritdoc/>
    public bool CoversWholeImage => false;

    /// <inheritdoc/>
    public StageDescription Describe() => new()
    {
        Id = "preprocessing",
        Implementation = "resize-and-center-crop",
        Settings = SettingsJson.Of(new { Size }),
        Stage = "preprocessing",
        Component = "shorter side resize and centre crop (bicubic, antialias, 8-bit as Pillow)",
        Options = new Dictionary<string, string> { ["size"] = Size.ToString(System.Globalization.CultureInfo.InvariantCulture) },
    };

    /// <inheritdoc/>
    public PreprocessedImage Prepare(RgbImage image)
    {
        // torchvision: the longer side is truncated, the crop's offset rounded half to even.
        bool wide = image.Width > image.Height;
        long longSide = (long)Size * Math.Max(image.Width, image.Height) / Math.Min(image.Width, image.Height);
        var (width, height) = wide ? ((int)longSide, Size) : (Size, (int)longSide);
        var resized = BicubicResize.Resize(image, width, height);
        int left = (int)Math.Round((width - Size) / 2.0, MidpointRounding.ToEven);
        int top = (int)Math.Round((height - Size) / 2.0, MidpointRounding.ToEven);
        var pixels = new byte[Size * Size * 3];
        for (int y = 0; y < Size; y++)
        {
            resized.Pixels.Slice((((y + top) * width) + left) * 3, Size * 3).CopyTo(pixels.AsSpan(y * Size * 3));
        }

        double sx = (double)image.Width / width, sy = (double)image.Height / height;
        return new(new(Size, Size, pixels), new(left * sx, top * sy, Size * sx, Size * sy));
    }
}
