namespace MfpClip.Imaging;

/// <summary>Follows the outer edge of a region of a map.</summary>
internal static class RegionContour
{
    // East, south, west, north: the region is on the right hand of whoever walks.
    private static readonly (int X, int Y)[] Steps = [(1, 0), (0, 1), (-1, 0), (0, -1)];

    // The pixels ahead on the left and on the right, seen from a corner.
    private static readonly (int X, int Y)[] Left = [(0, -1), (0, 0), (-1, 0), (-1, -1)];
    private static readonly (int X, int Y)[] Right = [(0, 0), (-1, 0), (-1, -1), (0, -1)];

    /// <summary>Corners of the polygon along the edges of pixels, clockwise, from the region's first pixel on.</summary>
    /// <param name="map">The map.</param>
    /// <param name="threshold">Map value from which a pixel counts.</param>
    /// <param name="first">Index of the region's first pixel, row by row: nothing of the region is above it or left of it in its row.</param>
    /// <remarks>
    /// Regions connect over corners (8 neighbours): at a corner where two pixels touch, the walk goes over to the other one, so every pixel that counts and
    /// is met belongs to the region.
    /// </remarks>
    public static PixelPoint[] Follow(MapRows map, float threshold, int first)
    {
        var (startX, startY) = (first % map.Width, first / map.Width);
        var corners = new List<PixelPoint> { new(startX, startY) };
        int x = startX + 1, y = startY, direction = 0;
        while (true)
        {
            int turned = Counts(Left[direction]) ? (direction + 3) % 4 : Counts(Right[direction]) ? direction : (direction + 1) % 4;
            if (x == startX && y == startY && turned == 0)
            {
                return [.. corners];
            }

            if (turned != direction)
            {
                corners.Add(new(x, y));
                direction = turned;
            }

            (x, y) = (x + Steps[direction].X, y + Steps[direction].Y);
        }

        bool Counts((int X, int Y) offset)
        {
            int column = x + offset.X, row = y + offset.Y;
            return (uint)column < (uint)map.Width && (uint)row < (uint)map.Height && map.Value(column, row) >= threshold;
        }
    }
}
