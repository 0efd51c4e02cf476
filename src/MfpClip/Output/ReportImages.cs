namespace MfpClip.Output;

/// <summary>A photo, its map and its regions at a size at which many fit into one page.</summary>
internal sealed record ReportImages(RgbImage Photo, AnomalyMap Map, IReadOnlyList<DefectRegion> Regions)
{
    /// <summary>Longest side in pixels.</summary>
    public const int LongestSide = 960;

    /// <summary>
    /// As they are where they are small; else one of several pixels: the photo's mean, the map's highest, so that no small defect disappears.
    /// </summary>
    /// <param name="photo">The photo.</param>
    /// <param name="map">Map of the photo's size.</param>
    /// <param name="regions">Regions in the photo's pixels.</param>
    /// <exception cref="ArgumentException">Photo and map are not of one size.</exception>
    public static ReportImages Fit(RgbImage photo, AnomalyMap map, IReadOnlyList<DefectRegion> regions)
    {
        if (photo.Width != map.Width || photo.Height != map.Height)
        {
            throw new ArgumentException($"The photo is {photo.Width} x {photo.Height}, the map {map.Width} x {map.Height}.", nameof(map));
        }

        int n = (Math.Max(photo.Width, photo.Height) + LongestSide - 1) / LongestSide;
        if (n == 1)
        {
            return new(photo, map, regions);
        }

        int width = (photo.Width + n - 1) / n, height = (photo.Height + n - 1) / n;
        var (pixels, values) = (new byte[width * height * 3], new float[width * height]);
        Parallel.For(0, height, y => Row(photo, map, n, y, width, pixels, values));
        return new(new(width, height, pixels), new(width, height, values), [.. regions.Select(r => r with
        {
            X = r.X / n, Y = r.Y / n, Width = ((r.X + r.Width - 1) / n) - (r.X / n) + 1, Height = ((r.Y + r.Height - 1) / n) - (r.Y / n) + 1,
        })]);
    }

    private static void Row(RgbImage photo, AnomalyMap map, int n, int y, int width, byte[] pixels, float[] values)
    {
        int bottom = Math.Min((y + 1) * n, photo.Height);
        for (int x = 0; x < width; x++)
        {
            int right = Math.Min((x + 1) * n, photo.Width), red = 0, green = 0, blue = 0;
            float highest = float.NegativeInfinity;
            for (int j = y * n; j < bottom; j++)
            {
                for (int i = x * n; i < right; i++)
                {
                    int at = (j * photo.Width) + i;
                    red += photo.Data[3 * at];
                    green += photo.Data[(3 * at) + 1];
                    blue += photo.Data[(3 * at) + 2];
                    highest = Math.Max(highest, map.Data[at]);
                }
            }

            int to = (y * width) + x, count = (bottom - (y * n)) * (right - (x * n));
            pixels[3 * to] = (byte)((red + (count / 2)) / count);
            pixels[(3 * to) + 1] = (byte)((green + (count / 2)) / count);
            pixels[(3 * to) + 2] = (byte)((blue + (count / 2)) / count);
            values[to] = highest;
        }
    }
}
