namespace MfpClip.Data.Masks;

/// <summary>Whether a mask follows the edges of an image better as it was stored than turned upright.</summary>
internal static class OrientationFit
{
    private const double Clearly = 1.5;

    /// <summary>Compares the image's contrast along the mask's outline for both.</summary>
    /// <param name="image">Upright.</param>
    /// <param name="mask">Of the same size.</param>
    /// <param name="orientation">The orientation that was applied to the image.</param>
    public static bool FitsUnturned(RgbImage image, AnomalyMask mask, int orientation)
    {
        var (turned, width, height) = Orientation.Upright(mask.Data, mask.Width, mask.Height, orientation);
        return width == image.Width && height == image.Height && !turned.AsSpan().SequenceEqual(mask.Data)
            && Contrast(image, turned) > Clearly * Contrast(image, mask.Data);
    }

    // Mean difference of brightness between pixels inside and their neighbours outside.
    private static double Contrast(RgbImage image, bool[] mask)
    {
        var (sum, count) = (0.0, 0);
        for (int y = 0; y < image.Height; y++)
        {
            for (int x = 0; x < image.Width; x++)
            {
                int at = (y * image.Width) + x;
                if (x + 1 < image.Width && mask[at] != mask[at + 1])
                {
                    (sum, count) = (sum + Difference(image, at, at + 1), count + 1);
                }

                if (y + 1 < image.Height && mask[at] != mask[at + image.Width])
                {
                    (sum, count) = (sum + Difference(image, at, at + image.Width), count + 1);
                }
            }
        }

        return count == 0 ? 0 : sum / count;
    }

    private static int Difference(RgbImage image, int a, int b) => Math.Abs(image.Data[3 * a] - image.Data[3 * b])
        + Math.Abs(image.Data[(3 * a) + 1] - image.Data[(3 * b) + 1]) + Math.Abs(image.Data[(3 * a) + 2] - image.Data[(3 * b) + 2]);
}
