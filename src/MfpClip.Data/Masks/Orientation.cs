namespace MfpClip.Data.Masks;

/// <summary>Turns pixels upright as the EXIF orientation says.</summary>
internal static class Orientation
{
    /// <summary>The pixels of a stored image, upright.</summary>
    /// <param name="values">Row by row, as stored.</param>
    /// <param name="width">Pixels a row, as stored.</param>
    /// <param name="height">Rows, as stored.</param>
    /// <param name="orientation">1 to 8.</param>
    public static (T[] Values, int Width, int Height) Upright<T>(T[] values, int width, int height, int orientation)
    {
        if (orientation == 1)
        {
            return (values, width, height);
        }

        var (w, h) = ExifOrientation.Swaps(orientation) ? (height, width) : (width, height);
        var turned = new T[values.Length];
        for (int y = 0; y < h; y++)
        {
            for (int x = 0; x < w; x++)
            {
                var (sx, sy) = orientation switch
                {
                    2 => (width - 1 - x, y),
                    3 => (width - 1 - x, height - 1 - y),
                    4 => (x, height - 1 - y),
                    5 => (y, x),
                    6 => (y, height - 1 - x),
                    7 => (width - 1 - y, height - 1 - x),
                    _ => (width - 1 - y, x),
                };
                turned[(y * w) + x] = values[(sy * width) + sx];
            }
        }

        return (turned, w, h);
    }
}
