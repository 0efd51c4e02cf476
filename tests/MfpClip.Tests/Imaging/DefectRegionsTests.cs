using MfpClip.Imaging;

namespace MfpClip.Tests.Imaging;

/// <summary>Connected regions against a search that spreads pixel by pixel.</summary>
public class DefectRegionsTests
{
    [Fact]
    public void Regions_are_the_connected_ones()
    {
        for (int seed = 0; seed < 1000; seed++)
        {
            var random = new Random(seed);
            Compare(random, random.Next(1, 15), random.Next(1, 15), random.Next(1, 6));
        }
    }

    private static void Compare(Random random, int width, int height, int area)
    {
        double density = random.NextDouble();
        // Few distinct values, so that peaks tie.
        var values = Enumerable.Range(0, width * height).Select(_ => random.NextDouble() < density ? 0.5f + (random.Next(4) / 8f) : 0.25f).ToArray();
        var map = new AnomalyMap(width, height, values);

        var regions = DefectRegions.Find(map, 0.5f, area);

        var expected = Spread(map, 0.5f).Where(r => r.Count >= area).Select(r => (
            r.Min(p => p % width), r.Min(p => p / width), r.Max(p => p % width), r.Max(p => p / width), r.Count, r.Max(p => values[p]),
            r.Where(p => values[p] == r.Max(q => values[q])).Min()));
        Assert.Equal(
            expected.Order(),
            regions.Select(r => (r.X, r.Y, r.X + r.Width - 1, r.Y + r.Height - 1, r.Area, r.Peak, (r.PeakY * width) + r.PeakX)).Order());
        Assert.Equal(regions.OrderByDescending(r => r.Peak).ThenByDescending(r => r.Area).Select(r => (r.Peak, r.Area)), regions.Select(r => (r.Peak, r.Area)));
    }

    private static List<List<int>> Spread(AnomalyMap map, float threshold)
    {
        var left = Enumerable.Range(0, map.Data.Length).Where(i => map.Data[i] >= threshold).ToHashSet();
        var regions = new List<List<int>>();
        while (left.Count > 0)
        {
            var region = new List<int>();
            var pending = new Queue<int>([left.First()]);
            left.Remove(left.First());
            while (pending.TryDequeue(out int p))
            {
                region.Add(p);
                foreach (int q in left.Where(q =>
                    Math.Abs((q % map.Width) - (p % map.Width)) <= 1 && Math.Abs((q / map.Width) - (p / map.Width)) <= 1).ToList())
                {
                    left.Remove(q);
                    pending.Enqueue(q);
                }
            }

            regions.Add(region);
        }

        return regions;
    }
}
