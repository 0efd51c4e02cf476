namespace MfpClip.Imaging;

/// <summary>A region of interest at the model's resolution and at the image's.</summary>
internal static class RegionMask
{
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
    public static AnomalyMap Apply(AnomalyMap map, RegionOfInterest region)
    {
        var values = new float[map.Data.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = region.Inside[i] ? map.Data[i] : 0;
        }

        return new(map.Width, map.Height, values);
    }

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
