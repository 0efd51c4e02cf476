namespace MfpClip.Imaging;

/// <summary>A rectangle of an image.</summary>
internal static class PixelCrop
{
    /// <summary>Copies a rectangle that lies inside the image; the image itself where that is all of it.</summary>
    public static RgbImage Take(RgbImage image, int left, int top, int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(left);
        ArgumentOutOfRangeException.ThrowIfNegative(top);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(width, image.Width - left);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(height, image.Height - top);
        if (width == image.Width && height == image.Height)
        {
            return image;
        }

        var pixels = new byte[width * height * 3];
        for (int y = 0; y < height; y++)
        {
            image.Pixels.Slice((((y + top) * image.Width) + left) * 3, width * 3).CopyTo(pixels.AsSpan(y * width * 3));
        }

        return new(width, height, pixels);
    }
}
