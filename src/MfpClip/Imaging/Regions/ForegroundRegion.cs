using MfpClip.Imaging.Tiles;
using MfpClip.Parallelism;

namespace MfpClip.Imaging.Regions;

/// <summary>
/// Tells a product from its background: what is far from the colours along the image's border. Computed on a small picture of the image, whose pixels are the
/// mean of square blocks.
/// </summary>
internal static class ForegroundRegion
{
    /// <summary>Longer side of the small picture at most.</summary>
    public const int Side = 1024;

    /// <summary>Colours of the background at most.</summary>
    private const int MostColors = 4;

    /// <summary>Colours nearer than this are one: a shadow, a gradient, noise.</summary>
    private const int Near = 24;

    /// <summary>Fraction of the border that the background's colours explain; the product may touch the rest.</summary>
    private const double Explained = 0.7;

    private const int LeastDistance = 12;

    private const double LeastFraction = 0.01, MostFraction = 0.98, SmallestPart = 0.01;

    /// <summary>Fraction of the border that the product may touch: more, and which of both is the product is not clear.</summary>
    private const double MostBorder = 0.1;

    /// <summary>Length of the outline over the square root of the area, at most.</summary>
    private const double Ragged = 20;

    /// <summary>The small picture of an image.</summary>
    public static RgbImage Overview(RgbImage image)
    {
        using var rows = new DecodedRows(image);
        return Overview(rows, CancellationToken.None);
    }

    /// <summary>The same of an image that comes by rows, all of which are read.</summary>
    public static RgbImage Overview(IImageRowReader rows, CancellationToken cancellationToken)
    {
        var overview = new ImageOverview(rows.Width, rows.Height, Side);
        byte[] row = new byte[rows.Width * 3];
        for (int y = 0; y < rows.Height; y++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            rows.Read(row);
            overview.Add(row);
        }

        return overview.ToImage();
    }

    /// <summary>Side of a block of the small picture.</summary>
    public static int Block(int width, int height) => (Math.Max(width, height) + Side - 1) / Side;

    /// <summary>True on the product and its holes.</summary>
    /// <param name="small">The small picture.</param>
    /// <param name="margin">Pixels of it around the product that are inside, too.</param>
    /// <returns>
    /// A value a pixel; <see langword="null"/>: nothing differs clearly from the border. Rather that than a wrong one, which would hide defects.
    /// </returns>
    public static bool[]? Find(RgbImage small, int margin)
    {
        int[] border = [.. BorderPixels(small.Width, small.Height)];
        var background = Colors(small, border);
        int[] distances = new int[small.Width * small.Height];
        ParallelRows.Run(small.Height, y =>
        {
            for (int i = y * small.Width; i < (y + 1) * small.Width; i++)
            {
                distances[i] = background.Min(c => Distance(small.Data, i, c));
            }
        });
        int far = Threshold(distances, border);
        bool[] inside = [.. distances.Select(d => d > far)];
        MaskMorphology.DropSmallParts(inside, small.Width, SmallestPart);
        double edge = border.Count(i => inside[i]) / (double)border.Length;
        MaskMorphology.FillHoles(inside, small.Width);
        if (edge > MostBorder || !IsSolid(inside, small.Width) || Step(distances, inside, small.Width) < LeastDistance)
        {
            return null;
        }

        inside = MaskMorphology.Grow(inside, small.Width, margin);
        return Fraction(inside) > MostFraction ? null : inside;
    }

    // A texture that fills the image gives many ragged parts: along pixels, a disc has 4.5 and a rod 20 times as long as wide 9.4.
    private static bool IsSolid(bool[] inside, int width) => Fraction(inside) is >= LeastFraction and <= MostFraction
        && MaskMorphology.Perimeter(inside, width) <= Ragged * Math.Sqrt(inside.Count(i => i));

    // Across the outline, the middle one of how much farther from the background the inside is: light that falls off has no outline.
    private static int Step(int[] distances, bool[] inside, int width)
    {
        const int Reach = 2;
        var steps = new List<int>();
        int height = inside.Length / width;
        for (int y = Reach; y < height - Reach - 1; y++)
        {
            for (int x = Reach; x < width - Reach - 1; x++)
            {
                int i = (y * width) + x;
                foreach (int next in (ReadOnlySpan<int>)[1, width])
                {
                    if (inside[i] != inside[i + next])
                    {
                        int rise = distances[i + ((Reach + 1) * next)] - distances[i - (Reach * next)];
                        steps.Add(inside[i] ? -rise : rise);
                    }
                }
            }
        }

        steps.Sort();
        return steps.Count == 0 ? 0 : steps[steps.Count / 2];
    }

    private static IEnumerable<int> BorderPixels(int width, int height)
    {
        int deep = Math.Max(1, Math.Min(width, height) / 50);
        return Enumerable.Range(0, width * height).Where(i =>
            i % width < deep || i % width >= width - deep || i / width < deep || i / width >= height - deep);
    }

    // The most frequent colour and all near it, then the most frequent of the rest.
    private static List<(int R, int G, int B)> Colors(RgbImage image, int[] border)
    {
        var colors = new List<(int, int, int)>();
        List<int> left = [.. border];
        while (colors.Count < MostColors && left.Count > border.Length * (1 - Explained))
        {
            var bin = left.GroupBy(i => (image.Data[3 * i] >> 4, image.Data[(3 * i) + 1] >> 4, image.Data[(3 * i) + 2] >> 4)).MaxBy(g => g.Count())!;
            var color = Mean(image.Data, [.. bin]);
            color = Mean(image.Data, [.. left.Where(i => Distance(image.Data, i, color) <= Near)]);
            colors.Add(color);
            left.RemoveAll(i => Distance(image.Data, i, color) <= Near);
        }

        return colors;
    }

    // Just above the background's own variation; Otsu's threshold is the upper end, for a border that varies as much as the product.
    private static int Threshold(int[] distances, int[] border)
    {
        int[] own = [.. border.Select(i => distances[i]).Where(d => d <= Near).Order()];
        int noise = own.Length == 0 ? LeastDistance : (int)(1.25 * own[(int)(0.99 * (own.Length - 1))]) + 1;
        return Math.Max(LeastDistance, Math.Min(noise, Otsu(distances)));
    }

    /// <summary>The value at or below which one of two groups lies, so that their means are farthest apart (Otsu 1979).</summary>
    private static int Otsu(int[] values)
    {
        var counts = new long[256];
        foreach (int value in values)
        {
            counts[value]++;
        }

        double total = values.Length, sum = counts.Select((n, v) => (double)n * v).Sum(), below = 0, belowSum = 0, best = -1;
        int threshold = 0;
        for (int t = 0; t < 255; t++)
        {
            (below, belowSum) = (below + counts[t], belowSum + ((double)counts[t] * t));
            if (below == 0 || below == total)
            {
                continue;
            }

            double apart = (belowSum / below) - ((sum - belowSum) / (total - below)), between = below * (total - below) * apart * apart;
            (best, threshold) = between > best ? (between, t) : (best, threshold);
        }

        return threshold;
    }

    private static (int R, int G, int B) Mean(byte[] data, int[] pixels) => pixels.Length == 0 ? (0, 0, 0) : (
        (int)Math.Round(pixels.Average(i => data[3 * i])), (int)Math.Round(pixels.Average(i => data[(3 * i) + 1])),
        (int)Math.Round(pixels.Average(i => data[(3 * i) + 2])));

    private static int Distance(byte[] data, int i, (int R, int G, int B) color) => Math.Max(
        Math.Abs(data[3 * i] - color.R), Math.Max(Math.Abs(data[(3 * i) + 1] - color.G), Math.Abs(data[(3 * i) + 2] - color.B)));

    private static double Fraction(bool[] inside) => inside.Count(i => i) / (double)inside.Length;
}
