using MfpClip.Parallelism;

namespace MfpClip.Imaging;

/// <summary>
/// Rotates images within their size, pixel by pixel as the libraries do that published few-shot methods augment their references with.
/// </summary>
internal static class ImageRotation
{
    /// <summary>Counter-clockwise about (W/2, H/2), bilinear, mirrored at the borders: OpenCV's warpAffine with INTER_LINEAR and BORDER_REFLECT_101.</summary>
    /// <param name="image">Not changed.</param>
    /// <param name="degrees">Any finite angle.</param>
    public static RgbImage Mirrored(RgbImage image, double degrees)
    {
        int width = image.Width, height = image.Height;
        var m = InverseMatrix(width, height, degrees);
        var pixels = new byte[image.Data.Length];
        // Positions in 1/1024, rounded to 1/32, as OpenCV's fixed-point arithmetic has them.
        var across = Enumerable.Range(0, width).Select(x => (Round(m[0, 0] * x * 1024), Round(m[1, 0] * x * 1024))).ToArray();
        ParallelRows.Run(height, y =>
        {
            int startX = Round(((m[0, 1] * y) + m[0, 2]) * 1024) + 16, startY = Round(((m[1, 1] * y) + m[1, 2]) * 1024) + 16;
            for (int x = 0; x < width; x++)
            {
                int sx = (startX + across[x].Item1) >> 5, sy = (startY + across[x].Item2) >> 5;
                Interpolate(image, sx >> 5, sy >> 5, sx & 31, sy & 31, pixels.AsSpan(((y * width) + x) * 3, 3));
            }
        });
        return new(width, height, pixels);
    }

    /// <summary>The 2 x 3 matrix of OpenCV's getRotationMatrix2D about (W/2, H/2), from the image to the rotated one.</summary>
    public static double[,] Matrix(int width, int height, double degrees)
    {
        double radians = degrees * Math.PI / 180, c = Math.Cos(radians), s = Math.Sin(radians), x = width / 2.0, y = height / 2.0;
        return new[,] { { c, s, ((1 - c) * x) - (s * y) }, { -s, c, (s * x) + ((1 - c) * y) } };
    }

    /// <summary>Counter-clockwise about (W/2, H/2), the nearest pixel, black outside: Pillow's rotate with its defaults.</summary>
    /// <param name="image">Not changed.</param>
    /// <param name="degrees">Any finite angle.</param>
    public static RgbImage Filled(RgbImage image, double degrees)
    {
        int width = image.Width, height = image.Height;
        double turn = degrees % 360;
        turn = turn < 0 ? turn + 360 : turn;
        // Pillow exchanges rows and columns at right angles.
        if (turn == 0 || turn == 180 || (turn is 90 or 270 && width == height))
        {
            return Transposed(image, (int)turn);
        }

        double radians = -turn * Math.PI / 180, c = Math.Round(Math.Cos(radians), 15), s = Math.Round(Math.Sin(radians), 15);
        double left = (c * -width / 2) + (s * -height / 2) + (width / 2.0), top = (-s * -width / 2) + (c * -height / 2) + (height / 2.0);
        long a = Fixed(c), b = Fixed(s), d = Fixed(-s), e = Fixed(c), x0 = Fixed(left + (c / 2) + (s / 2)), y0 = Fixed(top - (s / 2) + (c / 2));
        var pixels = new byte[image.Data.Length];
        ParallelRows.Run(height, y =>
        {
            for (int x = 0; x < width; x++)
            {
                long sx = (x0 + (a * x) + (b * y)) >> 16, sy = (y0 + (d * x) + (e * y)) >> 16;
                if (sx >= 0 && sx < width && sy >= 0 && sy < height)
                {
                    image.Pixels.Slice((int)((sy * width) + sx) * 3, 3).CopyTo(pixels.AsSpan(((y * width) + x) * 3, 3));
                }
            }
        });
        return new(width, height, pixels);
    }

    private static long Fixed(double value) => (long)Math.Floor((value * 65536) + 0.5);

    private static int Round(double value) => (int)Math.Round(value, MidpointRounding.ToEven);

    // As warpAffine inverts it, operation by operation.
    private static double[,] InverseMatrix(int width, int height, double degrees)
    {
        var m = Matrix(width, height, degrees);
        double d = 1 / ((m[0, 0] * m[1, 1]) - (m[0, 1] * m[1, 0]));
        double a = m[1, 1] * d, b = -m[0, 1] * d, c = -m[1, 0] * d, e = m[0, 0] * d;
        return new[,] { { a, b, (-a * m[0, 2]) - (b * m[1, 2]) }, { c, e, (-c * m[0, 2]) - (e * m[1, 2]) } };
    }

    private static void Interpolate(RgbImage image, int x, int y, int u, int v, Span<byte> to)
    {
        int left = Mirror(x, image.Width), right = Mirror(x + 1, image.Width);
        int top = Mirror(y, image.Height) * image.Width, bottom = Mirror(y + 1, image.Height) * image.Width;
        var p = image.Data;
        for (int k = 0; k < 3; k++)
        {
            int upper = ((32 - u) * p[((top + left) * 3) + k]) + (u * p[((top + right) * 3) + k]);
            int lower = ((32 - u) * p[((bottom + left) * 3) + k]) + (u * p[((bottom + right) * 3) + k]);
            to[k] = (byte)((((32 - v) * upper) + (v * lower) + 512) >> 10);
        }
    }

    // d c b | a b c d | c b a
    private static int Mirror(int i, int n)
    {
        if ((uint)i < (uint)n)
        {
            return i;
        }

        int period = Math.Max(2 * (n - 1), 1);
        int j = ((i % period) + period) % period;
        return j < n ? j : period - j;
    }

    private static RgbImage Transposed(RgbImage image, int turn)
    {
        int width = image.Width, height = image.Height;
        var pixels = new byte[image.Data.Length];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                var (sx, sy) = turn switch
                {
                    0 => (x, y),
                    180 => (width - 1 - x, height - 1 - y),
                    90 => (width - 1 - y, x),
                    _ => (y, height - 1 - x),
                };
                image.Pixels.Slice(((sy * width) + sx) * 3, 3).CopyTo(pixels.AsSpan(((y * width) + x) * 3, 3));
            }
        }

        return new(width, height, pixels);
    }
}
