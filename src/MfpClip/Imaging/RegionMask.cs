namespace MfpClip.Imaging;

/// <summary>A region of interest at the model's resolution and at the image's.</summary>
internal static class RegionMask
{
    /// <summary>Whether any pixel of a part of the image lies inside.</summary>
    public static bool Any(RegionOfInterest region, CoveredArea part)
    {
        var (top, bottom) = Footprint(part.Y, part.Height, 1, 0, region.Height);
        var (left, right) = Footprint(part.X, part.Width, 1, 0, region.Width);
        return AnyInside(region, left, right, top, bottom);
    }

    /// <summary>1 where any pixel that a model pixel shows lies inside, else 0; <c>width * height</c> values.</summary>
    public static float[] ToModel(RegionOfInterest region, CoveredArea covered, int width, int height)
    {
        var mask = new float[width * height];
        for (int y = 0; y < height; y++)
        {
            var (top, bottom) = Footprint(covered.Y, covered.Height, height, y, region.Height);
            for (int x = 0; x < width; x++)
            {
                var (left, right) = Footprint(covered.X, covered.Width, width, x, region.Width);
                mask[(y * width) + x] = AnyInside(region, left, right, top, bottom) ? 1 : 0;
            }
        }

        return mask;
    }

    /// <summary>Sets everything outside the region to 0.</summary>
    /// <param name="map">Of the region's size, or coarser or finer: a value counts by the pixel in its middle.</param>
    /// <param name="region">The region.</param>
    public static AnomalyMap Apply(AnomalyMap map, RegionOfInterest region)
    {
        var values = new float[map.Data.Length];
        for (int y = 0, i = 0; y < map.Height; y++)
        {
            int row = Middle(y, map.Height, region.Height) * region.Width;
            for (int x = 0; x < map.Width; x++, i++)
            {
                values[i] = region.Inside[row + Middle(x, map.Width, region.Width)] ? map.Data[i] : 0;
            }
        }

        return new(map.Width, map.Height, values);
    }

    /// <summary>A part of an image, in pixels of a region that has another size.</summary>
    public static CoveredArea ToRegion(RegionOfInterest region, CoveredArea part, int width, int height)
    {
        double w = (double)region.Width / width, h = (double)region.Height / height;
        return new(part.X * w, part.Y * h, part.Width * w, part.Height * h);
    }

    /// <summary>The region without what the model did not see.</summary>
    /// <param name="region">The region; <see langword="null"/>: everywhere.</param>
    /// <param name="covered">What the model saw, in pixels of the image.</param>
    /// <param name="width">Width of the image.</param>
    /// <param name="height">Its height.</param>
    /// <returns>The region as it is where all of the image was seen; <see langword="null"/>: every pixel.</returns>
    public static RegionOfInterest? Inspected(RegionOfInterest? region, CoveredArea covered, int width, int height)
    {
        // Pixels are seen where their middle is, as maps have it.
        bool Sees(double start, double extent, double middle) => middle >= start && middle <= start + extent;
        if (Sees(covered.X, covered.Width, 0.5) && Sees(covered.X, covered.Width, width - 0.5)
            && Sees(covered.Y, covered.Height, 0.5) && Sees(covered.Y, covered.Height, height - 0.5))
        {
            return region;
        }

        var (columns, rows) = region is null ? (width, height) : (region.Width, region.Height);
        var inside = new bool[columns * rows];
        for (int y = 0, i = 0; y < rows; y++)
        {
            bool seen = Sees(covered.Y, covered.Height, (y + 0.5) * height / rows);
            for (int x = 0; x < columns; x++, i++)
            {
                inside[i] = seen && Sees(covered.X, covered.Width, (x + 0.5) * width / columns) && (region is null || region.Inside[i]);
            }
        }

        // A region that the model does not see at all is left as it is: its map is 0 everywhere.
        return inside.AsSpan().Contains(true) ? new(columns, rows, inside) : region;
    }

    /// <summary>The pixel of a longer or shorter side that lies in the middle of one.</summary>
    public static int Middle(int index, int length, int other) => (int)(((2L * index) + 1) * other / (2L * length));

    private static (int First, int Last) Footprint(double start, double extent, int size, int index, int length)
    {
        int first = Math.Clamp((int)Math.Floor(start + (index * extent / size)), 0, length - 1);
        int last = Math.Clamp((int)Math.Ceiling(start + ((index + 1) * extent / size)) - 1, first, length - 1);
        return (first, last);
    }

    private static bool AnyInside(RegionOfInterest region, int left, int right, int top, int bottom)
    {
        for (int y = top; y <= bottom; y++)
        {
            for (int x = left; x <= right; x++)
            {
                if (region.Inside[(y * region.Width) + x])
                {
                    return true;
                }
            }
        }

        return false;
    }
}
