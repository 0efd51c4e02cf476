using MfpClip.Imaging;

namespace MfpClip.Tests.Imaging;

/// <summary>Contours against the pixels that a walk from outside cannot reach.</summary>
public class RegionContourTests
{
    [Fact]
    public void The_contour_of_one_pixel_has_four_corners()
    {
        var map = new AnomalyMap(3, 3, [0, 0, 0, 0, 1, 0, 0, 0, 0]);

        var region = Assert.Single(DefectRegions.Find(map, 0.5f));

        Assert.Equal([new(1, 1), new(2, 1), new(2, 2), new(1, 2)], region.Contour);
    }

    [Fact]
    public void A_full_map_is_its_frame()
    {
        var map = new AnomalyMap(4, 2, [.. Enumerable.Repeat(0.7f, 8)]);

        Assert.Equal([new(0, 0), new(4, 0), new(4, 2), new(0, 2)], Assert.Single(DefectRegions.Find(map, 0f)).Contour);
    }

    [Fact]
    public void Pixels_that_touch_at_a_corner_are_one_contour()
    {
        var map = new AnomalyMap(2, 2, [1, 0, 0, 1]);

        Assert.Equal(
            [new(0, 0), new(1, 0), new(1, 1), new(2, 1), new(2, 2), new(1, 2), new(1, 1), new(0, 1)],
            Assert.Single(DefectRegions.Find(map, 0.5f)).Contour);
    }

    [Fact]
    public void A_contour_holds_its_region_and_the_holes_of_it()
    {
        int holes = 0;
        for (int seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            int width = random.Next(1, 14), height = random.Next(1, 14);
            double density = random.NextDouble();
            var map = new AnomalyMap(width, height, [.. Enumerable.Range(0, width * height).Select(_ => random.NextDouble() < density ? 0.75f : 0.25f)]);
            foreach (var region in DefectRegions.Find(map, 0.5f))
            {
                var pixels = Component(map, (region.Contour[0].Y * width) + region.Contour[0].X);
                var filled = Filled(width, height, pixels);
                holes += filled.Count - pixels.Count;

                Assert.Equal(region.Area, pixels.Count);
                Assert.Equal(filled.Order(), Enumerable.Range(0, width * height).Where(p => Inside(region.Contour, (p % width) + 0.5, (p / width) + 0.5)));
                Assert.Equal(filled.Count, Area(region.Contour));
                Assert.All(region.Contour.Zip(region.Contour.Skip(1).Append(region.Contour[0])), e => Assert.True(
                    e.First.X == e.Second.X != (e.First.Y == e.Second.Y), $"seed {seed}: {e} is no edge along pixels"));
                Assert.Equal(region.X, region.Contour.Min(p => p.X));
                Assert.Equal(region.X + region.Width, region.Contour.Max(p => p.X));
                Assert.Equal(region.Y, region.Contour.Min(p => p.Y));
                Assert.Equal(region.Y + region.Height, region.Contour.Max(p => p.Y));
            }
        }

        Assert.True(holes > 100, "the maps had no holes to speak of");
    }

    // 8 neighbours.
    private static HashSet<int> Component(AnomalyMap map, int start) => Spread(start, map.Width, map.Height, diagonal: true, p => map.Data[p] >= 0.5f);

    // Everything that 4 neighbours do not reach from a frame around the map.
    private static HashSet<int> Filled(int width, int height, HashSet<int> region)
    {
        int w = width + 2, h = height + 2;
        var outside = Spread(0, w, h, diagonal: false, p => p % w == 0 || p % w == w - 1 || p / w == 0 || p / w == h - 1
            || !region.Contains((((p / w) - 1) * width) + (p % w) - 1));
        return [.. Enumerable.Range(0, width * height).Where(p => !outside.Contains((((p / width) + 1) * w) + (p % width) + 1))];
    }

    private static HashSet<int> Spread(int start, int width, int height, bool diagonal, Func<int, bool> counts)
    {
        var seen = new HashSet<int> { start };
        var pending = new Queue<int>(seen);
        while (pending.TryDequeue(out int p))
        {
            for (int dy = -1; dy <= 1; dy++)
            {
                for (int dx = -1; dx <= 1; dx++)
                {
                    int x = (p % width) + dx, y = (p / width) + dy, q = (y * width) + x;
                    if ((diagonal || dx == 0 || dy == 0) && x >= 0 && y >= 0 && x < width && y < height && counts(q) && seen.Add(q))
                    {
                        pending.Enqueue(q);
                    }
                }
            }
        }

        return seen;
    }

    // Even number of edges to the right: outside.
    private static bool Inside(IReadOnlyList<PixelPoint> polygon, double x, double y) => polygon.Zip(polygon.Skip(1).Append(polygon[0]))
        .Count(e => e.First.X == e.Second.X && e.First.X > x && Math.Min(e.First.Y, e.Second.Y) < y && y < Math.Max(e.First.Y, e.Second.Y)) % 2 == 1;

    // Positive for clockwise, because y points down.
    private static int Area(IReadOnlyList<PixelPoint> polygon) =>
        polygon.Zip(polygon.Skip(1).Append(polygon[0])).Sum(e => (e.First.X * e.Second.Y) - (e.Second.X * e.First.Y)) / 2;
}
