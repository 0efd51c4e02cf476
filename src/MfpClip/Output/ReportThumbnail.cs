using SkiaSharp;

namespace MfpClip.Output;

/// <summary>Small images for pages: WebP within a number of bytes that follows from their size alone, so that no photo makes a page large.</summary>
internal static class ReportThumbnail
{
    /// <summary>Media type behind <c>image/</c>.</summary>
    public const string Format = "webp";

    private static readonly float[] Qualities = [80, 65, 50, 35, 20];

    /// <summary>Greatest number of bytes of a thumbnail: 4 KiB at 200 pixels, and as many a pixel at other sizes.</summary>
    /// <param name="side">Longest side in pixels.</param>
    public static int MaximumBytes(int side) => (int)(4096L * side * side / 40_000);

    /// <summary>Encodes with the highest quality that fits; noise that never fits is made smaller.</summary>
    /// <param name="image">At its final size.</param>
    /// <param name="maximumBytes">At least what a picture of one pixel needs.</param>
    public static byte[] Encode(RgbImage image, int maximumBytes)
    {
        while (true)
        {
            byte[] file = [];
            foreach (float quality in Qualities)
            {
                file = MapImages.Encode(image, p => p.Encode(new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossy, quality)), "WebP");
                if (file.Length <= maximumBytes)
                {
                    return file;
                }
            }

            int longest = Math.Max(image.Width, image.Height);
            if (longest <= 16)
            {
                return file;
            }

            image = ReportImages.Shrink(image, longest * 3 / 4);
        }
    }
}
