using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace MfpClip.Imaging;

/// <summary>
/// Pillow's resize of 8-bit images, bit for bit: antialias when shrinking, fixed-point weights of 22 bits, rows first, rounded to
/// 8 bits between the passes. The published models were trained on exactly this.
/// </summary>
internal static class PillowResize
{
    private const int Bits = 22;

    private static ParallelOptions Limited => new() { MaxDegreeOfParallelism = ThreadLimit.Count };

    /// <summary>Resizes to any size; a side that keeps its length is not touched.</summary>
    public static RgbImage Resize(RgbImage image, int width, int height, ResizeFilter filter = ResizeFilter.Bicubic)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        byte[] rows = image.Width == width ? image.Data : Horizontal(image.Data, image.Width, image.Height, width, filter);
        byte[] all = image.Height == height ? rows : Vertical(rows, width, image.Height, height, filter);
        return new RgbImage(width, height, all);
    }

    private static byte[] Horizontal(byte[] source, int width, int height, int target, ResizeFilter filter)
    {
        var weights = Weights(width, target, filter);
        var result = new byte[(long)target * height * 3];
        Parallel.For(0, height, Limited, y => Row(source.AsSpan(y * width * 3, width * 3), result.AsSpan(y * target * 3, target * 3), weights));
        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Row(Span<byte> row, Span<byte> output, (int First, int[] Weights)[] weights)
    {
        for (int x = 0; x < weights.Length; x++)
        {
            var (first, k) = weights[x];
            int at = first * 3;
            var sum = Vector128.Create(1 << (Bits - 1));
            int i = 0;
            // Red, green, blue and the next pixel's red at once, as long as there is a next pixel.
            for (; i < k.Length && at + 4 <= row.Length; i++, at += 3)
            {
                var four = Vector128.CreateScalar(Unsafe.ReadUnaligned<uint>(ref row[at])).AsByte();
                sum += Vector128.WidenLower(Vector128.WidenLower(four)).AsInt32() * k[i];
            }

            var (r, g, b) = (sum[0], sum[1], sum[2]);
            for (; i < k.Length; i++, at += 3)
            {
                (r, g, b) = (r + (row[at] * k[i]), g + (row[at + 1] * k[i]), b + (row[at + 2] * k[i]));
            }

            (output[x * 3], output[(x * 3) + 1], output[(x * 3) + 2]) = (Clip(r), Clip(g), Clip(b));
        }
    }

    private static byte[] Vertical(byte[] source, int width, int height, int target, ResizeFilter filter)
    {
        var weights = Weights(height, target, filter);
        int stride = width * 3;
        var result = new byte[(long)target * stride];
        Parallel.For(0, target, Limited, () => new int[stride], (y, _, sums) =>
        {
            var (first, k) = weights[y];
            Array.Fill(sums, 1 << (Bits - 1));
            Column(source.AsSpan(first * stride), result.AsSpan(y * stride, stride), k, sums);
            return sums;
        }, _ => { });
        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Column(Span<byte> source, Span<byte> output, int[] k, int[] sums)
    {
        int stride = output.Length;
        for (int i = 0; i < k.Length; i++)
        {
            int w = k[i];
            var row = source.Slice(i * stride, stride);
            int x = 0;
            for (; x + 16 <= row.Length; x += 16)
            {
                var bytes = Vector128.LoadUnsafe(ref row[x]);
                var (low, high) = Vector256.Widen(Vector128.WidenLower(bytes).ToVector256Unsafe().WithUpper(Vector128.WidenUpper(bytes)));
                (Vector256.LoadUnsafe(ref sums[x]) + (low.AsInt32() * w)).StoreUnsafe(ref sums[x]);
                (Vector256.LoadUnsafe(ref sums[x + 8]) + (high.AsInt32() * w)).StoreUnsafe(ref sums[x + 8]);
            }

            for (; x < row.Length; x++)
            {
                sums[x] += row[x] * w;
            }
        }

        for (int x = 0; x < output.Length; x++)
        {
            output[x] = Clip(sums[x]);
        }
    }

    private static (int First, int[] Weights)[] Weights(int source, int target, ResizeFilter filter)
    {
        double scale = (double)source / target;
        double stretch = Math.Max(scale, 1);
        double support = (filter == ResizeFilter.Bilinear ? 1 : 2) * stretch;
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
                double at = (j + first - center + 0.5) * (1 / stretch);
                sum += k[j] = filter == ResizeFilter.Bilinear ? Math.Max(1 - Math.Abs(at), 0) : Cubic(at);
            }

            all[i] = (first, [.. k.Select(v => Fixed(sum != 0 ? v / sum : v))]);
        }

        return all;
    }

    private static int Fixed(double v) => v < 0 ? (int)(-0.5 + (v * (1 << Bits))) : (int)(0.5 + (v * (1 << Bits)));

    private static byte Clip(int sum) => (byte)Math.Clamp(sum >> Bits, 0, 255);

    private static double Cubic(double x)
    {
        const double A = -0.5;
        x = Math.Abs(x);
        return x < 1 ? ((((A + 2.0) * x) - (A + 3.0)) * x * x) + 1
            : x < 2 ? ((((x - 5) * x) + 8) * x - 4) * A
            : 0;
    }
}
