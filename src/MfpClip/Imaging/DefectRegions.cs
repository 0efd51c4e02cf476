using System.Numerics;
using System.Runtime.CompilerServices;

namespace MfpClip.Imaging;

/// <summary>Finds the connected regions of a map.</summary>
internal static class DefectRegions
{
    /// <summary>Regions of pixels at or above the threshold that touch (8 neighbours), highest peak first.</summary>
    /// <param name="map">Anomaly map.</param>
    /// <param name="threshold">Map value from which a pixel counts.</param>
    /// <param name="minimumArea">Smaller regions are dropped, in pixels.</param>
    public static IReadOnlyList<DefectRegion> Find(AnomalyMap map, float threshold, int minimumArea = 1)
    {
        ArgumentNullException.ThrowIfNull(map);
        return Find(MapRows.Of(map), threshold, minimumArea);
    }

    /// <summary>The same, of a map that is read row by row.</summary>
    public static IReadOnlyList<DefectRegion> Find(MapRows map, float threshold, int minimumArea = 1)
    {
        var regions = new List<Region>();
        var parents = new List<int>(); // a region that touches an earlier one is merged into it
        var above = new List<Run>();
        for (int y = 0; y < map.Height; y++)
        {
            var values = map.Row(y);
            var row = Runs(values, threshold);
            int first = 0;
            for (int i = 0; i < row.Count; i++)
            {
                var (left, right, _) = row[i];
                while (first < above.Count && above[first].Right < left - 1)
                {
                    first++;
                }

                int label = -1;
                for (int k = first; k < above.Count && above[k].Left <= right + 1; k++)
                {
                    int other = Root(parents, above[k].Label);
                    label = label < 0 ? other : Merge(parents, regions, label, other);
                }

                if (label < 0)
                {
                    label = regions.Count;
                    parents.Add(label);
                    regions.Add(Region.Empty);
                }

                row[i] = new(left, right, label);
                regions[label] = regions[label].With(values, left, right, y);
            }

            above = row;
        }

        return [.. regions.Where((r, i) => parents[i] == i && r.Area >= minimumArea)
            .Select(r => new DefectRegion(
                r.Left, r.Top, r.Right - r.Left + 1, r.Bottom - r.Top + 1, r.Area, r.Value, r.Peak % map.Width, r.Peak / map.Width)
            {
                Contour = RegionContour.Follow(map, threshold, r.First),
            })
            .OrderByDescending(r => r.Peak).ThenByDescending(r => r.Area)];
    }

    private static List<Run> Runs(ReadOnlySpan<float> row, float threshold)
    {
        var runs = new List<Run>();
        for (int left = Next(row, 0, threshold, above: true); left < row.Length;)
        {
            int end = Next(row, left, threshold, above: false);
            runs.Add(new(left, end - 1, -1));
            left = Next(row, end, threshold, above: true);
        }

        return runs;
    }

    /// <summary>The first pixel from one on that reaches the threshold, or that does not; the length of the row if there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Next(ReadOnlySpan<float> row, int from, float threshold, bool above)
    {
        var limit = new Vector<float>(threshold);
        int x = from;
        for (; x + Vector<float>.Count <= row.Length; x += Vector<float>.Count)
        {
            var values = new Vector<float>(row[x..]);
            if (above ? Vector.GreaterThanOrEqualAny(values, limit) : !Vector.GreaterThanOrEqualAll(values, limit))
            {
                break;
            }
        }

        while (x < row.Length && row[x] >= threshold != above)
        {
            x++;
        }

        return x;
    }

    private static int Root(List<int> parents, int label)
    {
        while (parents[label] != label)
        {
            label = parents[label] = parents[parents[label]];
        }

        return label;
    }

    private static int Merge(List<int> parents, List<Region> regions, int a, int b)
    {
        if (a == b)
        {
            return a;
        }

        var (into, from) = (Math.Min(a, b), Math.Max(a, b));
        parents[from] = into;
        regions[into] = regions[into].With(regions[from]);
        return into;
    }

    /// <summary>Neighbouring pixels of one row that count, both ends included.</summary>
    private readonly record struct Run(int Left, int Right, int Label);

    /// <summary>
    /// What is known of a region so far; <see cref="First"/> is its first pixel row by row, <see cref="Peak"/> the first of its highest pixels.
    /// </summary>
    private readonly record struct Region(int Left, int Right, int Top, int Bottom, int Area, int First, float Value, int Peak)
    {
        public static Region Empty { get; } = new(int.MaxValue, 0, int.MaxValue, 0, 0, int.MaxValue, float.NegativeInfinity, int.MaxValue);

        public Region With(ReadOnlySpan<float> row, int left, int right, int y)
        {
            var (value, peak) = (Value, Peak);
            var run = row.Slice(left, right - left + 1);
            float highest = Highest(run);
            if (highest > value)
            {
                (value, peak) = (highest, (y * row.Length) + left + run.IndexOf(highest));
            }

            return new(Math.Min(Left, left), Math.Max(Right, right), Math.Min(Top, y), Math.Max(Bottom, y), Area + right - left + 1,
                Math.Min(First, (y * row.Length) + left), value, peak);
        }

        public Region With(Region other) => new(
            Math.Min(Left, other.Left), Math.Max(Right, other.Right), Math.Min(Top, other.Top), Math.Max(Bottom, other.Bottom), Area + other.Area,
            Math.Min(First, other.First), Math.Max(Value, other.Value), other.Value > Value || (other.Value == Value && other.Peak < Peak) ? other.Peak : Peak);

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static float Highest(ReadOnlySpan<float> run)
        {
            float highest = run[0];
            int x = 0;
            if (run.Length >= Vector<float>.Count)
            {
                var all = new Vector<float>(run);
                for (x = Vector<float>.Count; x + Vector<float>.Count <= run.Length; x += Vector<float>.Count)
                {
                    all = Vector.Max(all, new Vector<float>(run[x..]));
                }

                for (int i = 0; i < Vector<float>.Count; i++)
                {
                    highest = Math.Max(highest, all[i]);
                }
            }

            for (; x < run.Length; x++)
            {
                highest = Math.Max(highest, run[x]);
            }

            return highest;
        }
    }
}
