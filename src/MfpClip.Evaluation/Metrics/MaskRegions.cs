namespace MfpClip.Evaluation.Metrics;

/// <summary>Connected regions of a mask, 8 neighbours, as scikit-image's label and anomalib have it.</summary>
internal static class MaskRegions
{
    /// <summary>A number from 1 for each region, 0 for background.</summary>
    /// <returns>Label of each pixel, and the area of each region in pixels.</returns>
    public static (int[] Labels, List<int> Areas) Label(ReadOnlySpan<bool> mask, int width)
    {
        var labels = new int[mask.Length];
        var areas = new List<int>();
        var open = new Stack<int>();
        int height = mask.Length / width;
        for (int start = 0; start < mask.Length; start++)
        {
            if (!mask[start] || labels[start] != 0)
            {
                continue;
            }

            int label = areas.Count + 1, area = 0;
            labels[start] = label;
            open.Push(start);
            while (open.TryPop(out int at))
            {
                area++;
                int x = at % width, y = at / width;
                for (int ny = Math.Max(y - 1, 0); ny <= Math.Min(y + 1, height - 1); ny++)
                {
                    for (int nx = Math.Max(x - 1, 0); nx <= Math.Min(x + 1, width - 1); nx++)
                    {
                        int next = (ny * width) + nx;
                        if (mask[next] && labels[next] == 0)
                        {
                            labels[next] = label;
                            open.Push(next);
                        }
                    }
                }
            }

            areas.Add(area);
        }

        return (labels, areas);
    }

    /// <summary>The same of the pixels inside: a region that leaves and comes back is one, and counts what of it is inside.</summary>
    /// <param name="mask">The mask.</param>
    /// <param name="width">Pixels a row.</param>
    /// <param name="inside">A value a pixel; <see langword="null"/>: all are inside.</param>
    public static (int[] Labels, List<int> Areas) Inside(ReadOnlySpan<bool> mask, int width, bool[]? inside)
    {
        var (labels, areas) = Label(mask, width);
        if (inside is null)
        {
            return (labels, areas);
        }

        int[] counts = new int[areas.Count], numbers = new int[areas.Count];
        for (int i = 0; i < labels.Length; i++)
        {
            labels[i] = inside[i] ? labels[i] : 0;
            if (labels[i] > 0)
            {
                counts[labels[i] - 1]++;
            }
        }

        int left = 0;
        for (int r = 0; r < counts.Length; r++)
        {
            numbers[r] = counts[r] > 0 ? ++left : 0;
        }

        for (int i = 0; i < labels.Length; i++)
        {
            labels[i] = labels[i] > 0 ? numbers[labels[i] - 1] : 0;
        }

        return (labels, [.. counts.Where(c => c > 0)]);
    }
}
