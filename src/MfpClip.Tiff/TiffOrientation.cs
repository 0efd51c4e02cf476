namespace MfpClip.Tiff;

/// <summary>Applies tag 274 of TIFF.</summary>
internal static class TiffOrientation
{
    /// <param name="image">As it is stored.</param>
    /// <param name="orientation">1 to 8: where its first row and column belong.</param>
    public static RgbImage Upright(RgbImage image, int orientation)
    {
        if (orientation == 1)
        {
            return image;
        }

        var (width, height) = orientation >= 5 ? (image.Height, image.Width) : (image.Width, image.Height);
        byte[] turned = new byte[image.Data.Length];
        for (int y = 0, to = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++, to += 3)
            {
                var (fromX, fromY) = orientation switch
                {
                    2 => (width - 1 - x, y),
                    3 => (width - 1 - x, height - 1 - y),
                    4 => (x, height - 1 - y),
                    5 => (y, x),
                    6 => (y, width - 1 - x),
                    7 => (height - 1 - y, width - 1 - x),
                    _ => (height - 1 - y, x),
                };
                image.Data.AsSpan(((fromY * image.Width) + fromX) * 3, 3).CopyTo(turned.AsSpan(to));
            }
        }

        return new RgbImage(width, height, turned);
    }
}
