namespace MfpClip.Imaging.Regions;

/// <summary>Shapes of a mask: specks, holes, margins.</summary>
internal static class MaskMorphology
{
    /// <summary>Takes out connected parts (4 neighbours) that are less than a fraction of the largest.</summary>
    public static void DropSmallParts(bool[] mask, int width, double fraction)
    {
        var parts = Parts(mask, width, inside: true);
        int most = parts.Select(p => p.Count).DefaultIfEmpty().Max();
        foreach (int i in parts.Where(p => p.Count < fraction * most).SelectMany(p => p))
        {
            mask[i] = false;
        }
    }

    /// <summary>Fills what is outside and not connected with the edge.</summary>
    public static void FillHoles(bool[] mask, int width)
    {
        int height = mask.Length / width;
        foreach (int i in Parts(mask, width, inside: false)
            .Where(p => !p.Exists(i => i % width == 0 || i % width == width - 1 || i / width == 0 || i / width == height - 1)).SelectMany(p => p))
        {
            mask[i] = true;
        }
    }

    /// <summary>Length of the edges between inside and outside, in sides of pixels.</summary>
    public static int Perimeter(bool[] mask, int width)
    {
        int length = 0;
        for (int i = 0; i < mask.Length; i++)
        {
            length += i % width > 0 && mask[i] != mask[i - 1] ? 1 : 0;
            length += i >= width && mask[i] != mask[i - width] ? 1 : 0;
        }

        return length;
    }

    /// <summary>Adds a margin, square.</summary>
    public static bool[] Grow(bool[] mask, int width, int margin)
    {
        int height = mask.Length / width;
        return margin == 0 ? mask : Along(Along(mask, width, height, 1, width, margin), height, width, width, 1, margin);
    }

    // Lines of `length` values, `step` apart.
    private static bool[] Along(bool[] mask, int length, int lines, int step, int line, int margin)
    {
        var result = new bool[mask.Length];
        for (int l = 0; l < lines; l++)
        {
            for (int i = 0, last = int.MinValue / 2; i < length + margin; i++)
            {
                last = i < length && mask[(l * line) + (i * step)] ? i : last;
                if (i >= margin)
                {
                    result[(l * line) + ((i - margin) * step)] = last >= i - (2 * margin);
                }
            }
        }

        return result;
    }

    private static List<List<int>> Parts(bool[] mask, int width, bool inside)
    {
        var seen = new bool[mask.Length];
        var parts = new List<List<int>>();
        var open = new Stack<int>();
        for (int start = 0; start < mask.Length; start++)
        {
            if (mask[start] != inside || seen[start])
            {
                continue;
            }

            var part = new List<int>();
            Visit(start);
            while (open.TryPop(out int at))
            {
                part.Add(at);
                int x = at % width;
                _ = x > 0 && Visit(at - 1);
                _ = x < width - 1 && Visit(at + 1);
                _ = at >= width && Visit(at - width);
                _ = at < mask.Length - width && Visit(at + width);
            }

            parts.Add(part);
        }

        return parts;

        bool Visit(int at)
        {
            if (mask[at] == inside && !seen[at])
            {
                seen[at] = true;
                open.Push(at);
            }

            return true;
        }
    }
}
