using MfpClip.Data.Procedural.Canvas;

namespace MfpClip.Data.Procedural;

/// <summary>Tells a product from an even background by the colour along the image's edge.</summary>
internal static class ProductFinder
{
    /// <summary>True on the product; true everywhere where the edge is not even or nearly all or nothing differs from it.</summary>
    public static bool[] Find(RgbImage image)
    {
        var (mean, deviation) = Edge(image);
        var product = new bool[image.Width * image.Height];
        float far = Math.Max(0.09f, 3.5f * deviation);
        int count = 0;
        if (deviation < 0.05f)
        {
            for (int i = 0; i < product.Length; i++)
            {
                product[i] = Distance(image, i, mean) > far;
            }

            Solidify(product, image.Width, image.Height);
            count = product.Count(p => p);
        }

        if (count < product.Length * 0.04 || count > product.Length * 0.96)
        {
            Array.Fill(product, true);
        }

        return product;
    }

    /// <summary>Mean colour outside the product.</summary>
    public static Rgb Background(RgbImage image, bool[] product)
    {
        var sum = new Rgb(0, 0, 0);
        int count = 0;
        for (int i = 0; i < product.Length; i += 7)
        {
            if (!product[i])
            {
                sum += Color(image, i);
                count++;
            }
        }

        return count == 0 ? Rgb.Grey(0.1f) : sum * (1f / count);
    }

    private static (Rgb Mean, float Deviation) Edge(RgbImage image)
    {
        int w = image.Width, h = image.Height, deep = Math.Max(1, Math.Min(w, h) / 50);
        var colors = new List<Rgb>();
        for (int d = 0; d < deep; d++)
        {
            for (int x = 0; x < w; x++)
            {
                colors.Add(Color(image, (d * w) + x));
                colors.Add(Color(image, ((h - 1 - d) * w) + x));
            }

            for (int y = 0; y < h; y++)
            {
                colors.Add(Color(image, (y * w) + d));
                colors.Add(Color(image, (y * w) + w - 1 - d));
            }
        }

        var sum = new Rgb(0, 0, 0);
        colors.ForEach(c => sum += c);
        var mean = sum * (1f / colors.Count);
        double squares = 0;
        foreach (var c in colors)
        {
            float d = Distance(c, mean);
            squares += d * d;
        }

        return (mean, (float)Math.Sqrt(squares / colors.Count));
    }

    // The majority of 5 x 5: specks go, small gaps close.
    private static void Solidify(bool[] product, int width, int height)
    {
        var copy = (bool[])product.Clone();
        for (int y = 2; y < height - 2; y++)
        {
            for (int x = 2; x < width - 2; x++)
            {
                int votes = 0;
                for (int dy = -2; dy <= 2; dy++)
                {
                    for (int dx = -2; dx <= 2; dx++)
                    {
                        votes += copy[((y + dy) * width) + x + dx] ? 1 : 0;
                    }
                }

                product[(y * width) + x] = votes > 12;
            }
        }
    }

    private static float Distance(RgbImage image, int i, Rgb mean) => Distance(Color(image, i), mean);

    private static float Distance(Rgb a, Rgb b) => Math.Max(Math.Abs(a.R - b.R), Math.Max(Math.Abs(a.G - b.G), Math.Abs(a.B - b.B)));

    private static Rgb Color(RgbImage image, int i) => new(image.Data[3 * i] / 255f, image.Data[(3 * i) + 1] / 255f, image.Data[(3 * i) + 2] / 255f);
}
