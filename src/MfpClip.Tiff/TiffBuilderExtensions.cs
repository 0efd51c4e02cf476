using MfpClip.Tiff;

namespace MfpClip;

/// <summary>Adds TIFF to a detector.</summary>
public static class TiffBuilderExtensions
{
    /// <summary>Reads TIFF and BigTIFF, too, whole and by rows (<see cref="TiffImageDecoder"/>): everything else goes to SkiaSharp as before.</summary>
    /// <param name="builder">The builder.</param>
    /// <returns>The same builder.</returns>
    public static ZeroShotDetectorBuilder UseTiffDecoder(this ZeroShotDetectorBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.UseDecoder(new TiffImageDecoder());
    }
}
