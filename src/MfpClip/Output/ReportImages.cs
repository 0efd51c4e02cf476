namespace MfpClip.Output;

/// <summary>A photo, its map and its regions at a size at which many fit into one page.</summary>
internal sealed record ReportImages(RgbImage Photo, AnomalyMap Map, IReadOnlyList<DefectRegion> Regions)
{
    /// <summary>
    /// As they are where they are small; else one of several pixels: the photo's mean, the map's highest, so that no small defect disappears.
    /// </summary>
    /// <param name="photo">The photo.</param>
    /// <param name="map">Map of the photo's size.</param>
    /// <param name="regions">Regions in the photo's pixels.</param>
    /// <param name="longestSide">Longest side in pixels.</param>
    /// <exception cref="ArgumentException">Photo and map are not of one size.</exception>
    public static ReportImages Fit(RgbImage photo, AnomalyMap map, IReadOnlyList<DefectRegion> regions, int longestSide)
    {
        if (photo.Width != map.Width || photo.Height != map.Height)
        {
            throw new ArgumentException($"The photo is {photo.Width} x {photo.Height}, the map {map.Width} x {map.Height}.", nameof(map));
        }

        if (Math.Max(photo.Width, photo.Height) <= longestSide)
        {
            return new(photo, map, regions);
        }

        var small = Shrink(photo, longestSide);
        var values = new float[small.Width * small.Height];
        Parallel.For(0, small.Height, y =>
        {
            var (top, bottom) = Span(y, small.Height, map.Height);
            for (int x = 0; x < small.Width; x++)
            {
                var (left, right) = Span(x, small.Width, map.Width);
                float highest = float.NegativeInfinity;
                for (int row = top; row < bottom; row++)
                {
                    for (int at = (row * map.Width) + left; at < (row * map.Width) + right; at++)
                    {
                        highest = Math.Max(highest, map.Data[at]);
                    }
                }

                values[(y * small.Width) + x] = highest;
            }
        });
        return new(small, new(small.Width, small.Height, values), [.. regions.Select(r => Scaled(r, photo, small))]);
    }

    /// <summary>The image with a longest side of so many pixels: each the mean of those it stands for. One that is smaller stays.</summary>
    public static RgbImage Shrink(RgbImage image, int longestSide)
    {
        double scale = (double)longestSide / Math.Max(image.Width, image.Height);
        if (scale >= 1)
        {
            return image;
        }

        int width = Math.Max(1, (int)Math.Round(image.Width * scale)), height = Math.Max(1, (int)Math.Round(image.Height * scale));
        byte[] pixels = new byte[width * height * 3];
        Parallel.For(0, height, y =>
        {
            var (top, bottom) = Span(y, height, image.Height);
            for (int x = 0; x < width; x++)
            {
                var (left, right) = Span(x, width, image.Width);
                for (int c = 0; c < 3; c++)
                {
                    long sum = 0;
                    for (int row = top; row < bottom; row++)
                    {
                        for (int column = left; column < right; column++)
                        {
                            sum += image.Data[(((row * image.Width) + column) * 3) + c];
                        }
                    }

                    int count = (bottom - top) * (right - left);
                    pixels[(((y * width) + x) * 3) + c] = (byte)((sum + (count / 2)) / count);
                }
            }
        });
        return new(width, height, pixels);
    }

    // The pixels of the small image that hold any of the region's.
    private static DefectRegion Scaled(DefectRegion r, RgbImage from, RgbImage to)
    {
        int left = Holder(r.X, to.Width, from.Width), right = Holder(r.X + r.Width - 1, to.Width, from.Width);
        int top = Holder(r.Y, to.Height, from.Height), bottom = Holder(r.Y + r.Height - 1, to.Height, from.Height);
        return r with { X = left, Y = top, Width = right - left + 1, Height = bottom - top + 1 };
    }

    // Pixels of the source that one of the target stands for, and the other way round.
    private static (int From, int To) Span(int at, int target, int source) =>
        ((int)((long)at * source / target), (int)((long)(at + 1) * source / target));

    private static int Holder(int at, int target, int source) => (int)((((long)at + 1) * target - 1) / source);
}
