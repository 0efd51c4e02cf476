using MfpClip.ImageSharp;

namespace MfpClip;

/// <summary>Replaces the default decoder with ImageSharp.</summary>
public static class ImageSharpBuilderExtensions
{
    /// <summary>Decodes images with <see cref="ImageSharpDecoder"/> instead of SkiaSharp.</summary>
    /// <param name="builder">The builder.</param>
    /// <returns>The same builder.</returns>
    public static ZeroShotDetectorBuilder UseImageSharp(this ZeroShotDetectorBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.UseDecoder(new ImageSharpDecoder());
    }

    /// <summary>Reads TIFF, too (<see cref="TiffFallbackDecoder"/>): everything else goes to SkiaSharp as before.</summary>
    /// <param name="builder">The builder.</param>
    /// <returns>The same builder.</returns>
    public static ZeroShotDetectorBuilder UseTiff(this ZeroShotDetectorBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.UseDecoder(new TiffFallbackDecoder());
    }
}
