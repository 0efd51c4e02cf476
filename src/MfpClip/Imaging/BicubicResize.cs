namespace MfpClip.Imaging;

/// <summary>
/// Pillow's bicubic resize of 8-bit images, bit for bit: antialias when shrinking, fixed-point weights of 22 bits, rows first, rounded to
/// 8 bits between the passes. The published models were trained on exactly this.
/// </summary>
internal static class BicubicResize
{
    private const int Bits = 22;

    /// <summary>Resizes to any size; a side that keeps its length is not touched.</summary>
    public static RgbImage Resize(RgbImage image, int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        byte[] rows = image.Width == width ? image.Data : Horizontal(image.Data, image.Width, image.Height, width);
        byte[] all = image.Height == height ? rows : Vertical(rows, width, image.Height, height);
        return new RgbImage(width, height, all);
    }

    private static byte[] Horizontal(byte[] source, int width, int height, int target)
    {
        var weights = Weights(width, target);
        var result = new byte[(long)target * height * 3];
        Parallel.For(0, height, y =>
        {
            var row = source.AsSpan(y * width * 3, width * 3);
            var output = result.AsSpan(y * target * 3, target * 3);
            for (int x = 0; x < target; x++)
            {
                var (first, k) = weights[x];
                int r = 1 << (Bits - 1), g = r, b = r;
                int at = first * 3;
                foreach (int w in k)
                {
                    r += row[at] * w;
                    g += row[at + 1] * w;
                    b += row[at + 2] * w;
                    at += 3;
                }

                (output[x * 3], output[(x * 3) + 1], output[(x * 3) + 2]) = (Clip(r), Clip(g), Clip(b));
            }
        });
        return result;
    }

    private static byte[] Vertical(byte[] source, int width, int height, int target)
    {
        var weights = Weights(height, target);
        int stride = width * 3;
        var result = new byte[(long)target * stride];
        Parallel.For(0, target, () => new int[stride], (y, _, sums) =>
        {
            var (first, k) = weights[y];
            Array.Fill(sums, 1 << (Bits - 1));
            for (int i = 0; i < k.Length; i++)
            {
                int w = k[i];
                var row = source.AsSpan((first + i) * stride, stride);
                for (int x = 0; x < row.Length; x++)
                {
                    sums[x] += row[x] * w;
                }
            }

            var output = result.AsSpan(y * stride, stride);
            for (int x = 0; x < output.Length; x++)
            {
                output[x] = Clip(sums[x]);
            }

            return sums;
        }, _ => { });
        return result;
    }

    private static (int First, int[] Weights)[] Weights(int source, int target)
    {
        double scale = (double)source / target;
        double stretch = Math.Max(scale, 1);
        double support = 2 * stretch;
        var all = new (int, int[])[target];
        for (int i = 0; i < target; i++)
        {
            double center = (i + 0.5) * scale;
            int first = Math.Max((int)(center - support + 0.5), 0);
            int end = Math.Min((int)(center + support + 0.5), source);
            var k = new double[end - first];
            double sum = 0;
            for (int j = 0; j < k.Length; j++)
            {
                sum += k[j] = Kernel((j + first - center + 0.5) * (1 / stretch));
            }

            all[i] = (first, [.. k.Select(v => Fixed(sum != 0 ? v / sum : v))]);
        }

        return all;
    }

    private static int Fixed(double v) => v < 0 ? (int)(-0.5 + (v * (1 << Bits))) : (int)(0.5 + (v * (1 << Bits)));

    private static byte Clip(int sum) => (byte)Math.Clamp(sum >> Bits, 0, 255);

    private static double Kernel(double x)
    {
        const double A = -0.5;
        x = Math.Abs(x);
        return x < 1 ? ((((A + 2.0) * x) - (A + 3.0)) * x * x) + 1
            : x < 2 ? ((((x - 5) * x) + 8) * x - 4) * A
            : 0;
    }
}
