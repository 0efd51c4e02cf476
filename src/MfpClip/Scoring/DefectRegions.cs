namespace MfpClip.Scoring;

/// <summary>Finds the connected regions of a map.</summary>
public static class DefectRegions
{
    /// <summary>Regions of pixels at or above the threshold that touch (8 neighbours), highest peak first.</summary>
    /// <param name="map">Anomaly map.</param>
    /// <param name="threshold">Map value from which a pixel counts.</param>
    /// <param name="minimumArea">Smaller regions are dropped, in pixels.</param>
    public static IReadOnlyList<DefectRegion> Find(AnomalyMap map, float threshold, int minimumArea = 1)
    {
        ArgumentNullException.ThrowIfNull(map);
        var (width, height, values) = (map.Width, map.Height, map.Data);
        var seen = new bool[values.Length];
        var pending = new Stack<int>();
        var regions = new List<DefectRegion>();
        for (int start = 0; start < values.Length; start++)
        {
            if (seen[start] || !(values[start] >= threshold))
            {
                continue;
            }

            var (left, right, top, bottom, area, peak) = (int.MaxValue, 0, int.MaxValue, 0, 0, start);
            seen[start] = true;
            pending.Push(start);
            while (pending.TryPop(out int at))
            {
                var (x, y) = (at % width, at / width);
                (left, right, top, bottom, area) = (Math.Min(left, x), Math.Max(right, x), Math.Min(top, y), Math.Max(bottom, y), area + 1);
                peak = values[at] > values[peak] ? at : peak;
                for (int ny = Math.Max(y - 1, 0); ny <= Math.Min(y + 1, height - 1); ny++)
                {
                    for (int nx = Math.Max(x - 1, 0); nx <= Math.Min(x + 1, width - 1); nx++)
                    {
                        int next = (ny * width) + nx;
                        if (!seen[next] && values[next] >= threshold)
                        {
                            seen[next] = true;
                            pending.Push(next);
                        }
                    }
                }
            }

            if (area >= minimumArea)
            {
                regions.Add(new(left, top, right - left + 1, bottom - top + 1, area, values[peak], peak % width, peak / width));
            }
        }

        return [.. regions.OrderByDescending(r => r.Peak).ThenByDescending(r => r.Area)];
    }
}
