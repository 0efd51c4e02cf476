using System.Globalization;

namespace MfpClip.Imaging.Regions;

/// <summary>Polygons as a mask: the union of those that count, without those that are excluded.</summary>
internal static class PolygonRegion
{
    public const int MostPolygons = 1000, MostPoints = 100_000;

    private const double Farthest = 1e9;

    /// <summary>What is wrong with the polygons, as sentences.</summary>
    public static IEnumerable<string> Faults(RegionOfInterestOptions options)
    {
        var polygons = options.Polygons!;
        if (polygons.Any(p => p?.Points is null))
        {
            yield return "a polygon has no points.";
            yield break;
        }

        if (polygons.All(p => p.Excluded))
        {
            yield return polygons.Count == 0 ? "there is no polygon." : "every polygon is excluded; at least one must say where to look.";
        }

        if (polygons.Count > MostPolygons || polygons.Sum(p => (long)p.Points.Count) > MostPoints)
        {
            yield return $"there are {polygons.Count} polygons with {polygons.Sum(p => (long)p.Points.Count)} points, more than the limits of {MostPolygons} "
                + $"and {MostPoints}. Use a mask image.";
        }

        double most = options.Unit == RegionUnit.Fractions ? 1 : Farthest, least = options.Unit == RegionUnit.Fractions ? 0 : -Farthest;
        bool IsWrong(RegionPoint p) => !(p.X >= least && p.X <= most && p.Y >= least && p.Y <= most);
        for (int i = 0; i < polygons.Count; i++)
        {
            if (polygons[i].Points.Count < 3)
            {
                yield return $"polygon {i + 1} has {polygons[i].Points.Count} points; a polygon has at least 3.";
                break;
            }

            if (polygons[i].Points.Any(IsWrong))
            {
                var wrong = polygons[i].Points.First(IsWrong);
                yield return string.Create(CultureInfo.InvariantCulture, $"polygon {i + 1} has the point ({wrong.X}, {wrong.Y}); ")
                    + (options.Unit == RegionUnit.Fractions ? "fractions are from 0 to 1." : "coordinates are numbers of pixels, 1e9 at most.");
                break;
            }
        }

        if ((options.ImageWidth is null) != (options.ImageHeight is null) || options.ImageWidth is < 1 or > 1_000_000_000
            || options.ImageHeight is < 1 or > 1_000_000_000)
        {
            yield return $"the image that the polygons were drawn on is {options.ImageWidth?.ToString(CultureInfo.InvariantCulture) ?? "?"} x "
                + $"{options.ImageHeight?.ToString(CultureInfo.InvariantCulture) ?? "?"} pixels; give both sides, at least 1.";
        }

        if (options.Unit == RegionUnit.Fractions && options.ImageWidth is not null)
        {
            yield return "ImageWidth and ImageHeight have no effect on fractions; leave them out.";
        }
    }

    /// <summary>The mask, row by row.</summary>
    /// <param name="polygons">Within the bounds of <see cref="Faults"/>.</param>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    /// <param name="scaleX">Columns a unit of x.</param>
    /// <param name="scaleY">Rows a unit of y.</param>
    public static bool[] ToMask(IReadOnlyList<RegionPolygon> polygons, int width, int height, double scaleX, double scaleY)
    {
        var mask = new bool[width * height];
        foreach (var polygon in polygons.OrderBy(p => p.Excluded))
        {
            Fill(mask, width, height, [.. polygon.Points.Select(p => (p.X * scaleX, p.Y * scaleY))], !polygon.Excluded);
        }

        return mask;
    }

    /// <summary>Whether a corner lies beyond the image by more than a pixel.</summary>
    public static bool ReachesBeyond(IReadOnlyList<RegionPolygon> polygons, double width, double height) => polygons.Where(p => !p.Excluded)
        .Any(p => p.Points.Any(c => c.X < -1 || c.Y < -1 || c.X > width + 1 || c.Y > height + 1));

    // Each edge turns inside and outside over from its column on, row by row: no list of crossings, however many there are.
    private static void Fill(bool[] mask, int width, int height, (double X, double Y)[] points, bool value)
    {
        int top = Row(points.Min(p => p.Y), height), bottom = Row(points.Max(p => p.Y), height);
        if (top >= bottom)
        {
            return;
        }

        int stride = width + 1;
        var turns = new bool[(long)(bottom - top) * stride];
        for (int i = 0; i < points.Length; i++)
        {
            var (p, q) = (points[i], points[(i + 1) % points.Length]);
            double slope = (q.X - p.X) / (q.Y - p.Y);
            for (int y = Row(Math.Min(p.Y, q.Y), height), end = Row(Math.Max(p.Y, q.Y), height); y < end; y++)
            {
                int column = Row(p.X + ((y + 0.5 - p.Y) * slope), width);
                turns[((long)(y - top) * stride) + column] ^= true;
            }
        }

        for (int y = top; y < bottom; y++)
        {
            var row = turns.AsSpan((y - top) * stride, stride);
            for (int from = row.IndexOf(true), to; from >= 0 && from < width; from = Next(row, to + 1))
            {
                to = Next(row, from + 1) is >= 0 and var end ? end : width;
                mask.AsSpan((y * width) + from, to - from).Fill(value);
            }
        }
    }

    private static int Next(ReadOnlySpan<bool> row, int start) => row[Math.Min(start, row.Length)..].IndexOf(true) is >= 0 and var gap ? start + gap : -1;

    // The first row or column whose middle is at or after a place.
    private static int Row(double place, int length) => (int)Math.Clamp(Math.Ceiling(place - 0.5), 0, length);
}
