namespace MfpClip.Imaging.Tiles;

/// <summary>A map at the resolution of an image that is too large for one: bilinear (align_corners off), computed where it is read.</summary>
/// <param name="map">The map that is stretched over the image.</param>
/// <param name="width">Width of the image.</param>
/// <param name="height">Its height.</param>
/// <param name="region">Everything outside is 0; <see langword="null"/>: everything counts.</param>
internal sealed class StretchedMap(AnomalyMap map, int width, int height, RegionOfInterest? region = null) : MapRows(width, height)
{
    private readonly float[] _row = new float[width];
    private readonly (int Low, int High, float Fraction)[] _columns = MapResize.Axis(width, 0, width, map.Width);
    private readonly (int Low, int High, float Fraction)[] _rows = MapResize.Axis(height, 0, height, map.Height);

    public override ReadOnlySpan<float> Row(int y)
    {
        for (int x = 0; x < _row.Length; x++)
        {
            _row[x] = Value(x, y);
        }

        return _row;
    }

    public override float Value(int x, int y)
    {
        if (region is not null
            && !region.Inside[(RegionMask.Middle(y, Height, region.Height) * region.Width) + RegionMask.Middle(x, Width, region.Width)])
        {
            return 0;
        }

        var (left, right, u) = _columns[x];
        var (top, bottom, v) = _rows[y];
        float[] data = map.Data;
        float high = data[(top * map.Width) + left] + (u * (data[(top * map.Width) + right] - data[(top * map.Width) + left]));
        float low = data[(bottom * map.Width) + left] + (u * (data[(bottom * map.Width) + right] - data[(bottom * map.Width) + left]));
        return high + (v * (low - high));
    }
}
