using System.Numerics;

namespace MfpClip.Data.Procedural.Noise;

/// <summary>Fourier transform of a square of complex numbers whose side is a power of two, in place; whole rows are combined at a time.</summary>
internal static class Fft
{
    /// <summary>The sum over all waves, not scaled.</summary>
    public static void Inverse(float[] re, float[] im, int n)
    {
        Columns(re, im, n);
        Transpose(re, n);
        Transpose(im, n);
        Columns(re, im, n);
    }

    private static void Columns(float[] re, float[] im, int n)
    {
        for (int i = 1, j = 0; i < n; i++)
        {
            int bit = n >> 1;
            for (; (j & bit) != 0; bit >>= 1)
            {
                j ^= bit;
            }

            j ^= bit;
            if (i < j)
            {
                Swap(re, i * n, j * n, n);
                Swap(im, i * n, j * n, n);
            }
        }

        for (int length = 2; length <= n; length <<= 1)
        {
            int half = length / 2;
            for (int k = 0; k < half; k++)
            {
                float wr = Exact.Cos((float)k / length), wi = Exact.Sin((float)k / length);
                for (int start = k; start < n; start += length)
                {
                    Butterfly(re.AsSpan(start * n, n), im.AsSpan(start * n, n), re.AsSpan((start + half) * n, n), im.AsSpan((start + half) * n, n), wr, wi);
                }
            }
        }
    }

    // Lane by lane, so the width of the machine's vectors does not show in the result.
    private static void Butterfly(Span<float> ar, Span<float> ai, Span<float> br, Span<float> bi, float wr, float wi)
    {
        int i = 0, width = Vector<float>.Count;
        var (vr, vi) = (new Vector<float>(wr), new Vector<float>(wi));
        for (; i <= ar.Length - width; i += width)
        {
            Vector<float> xr = new(br[i..]), xi = new(bi[i..]), yr = new(ar[i..]), yi = new(ai[i..]);
            Vector<float> tr = (xr * vr) - (xi * vi), ti = (xr * vi) + (xi * vr);
            (yr + tr).CopyTo(ar[i..]);
            (yi + ti).CopyTo(ai[i..]);
            (yr - tr).CopyTo(br[i..]);
            (yi - ti).CopyTo(bi[i..]);
        }

        for (; i < ar.Length; i++)
        {
            float tr = (br[i] * wr) - (bi[i] * wi), ti = (br[i] * wi) + (bi[i] * wr);
            (br[i], bi[i]) = (ar[i] - tr, ai[i] - ti);
            (ar[i], ai[i]) = (ar[i] + tr, ai[i] + ti);
        }
    }

    private static void Swap(float[] a, int i, int j, int length)
    {
        for (int k = 0; k < length; k++)
        {
            (a[i + k], a[j + k]) = (a[j + k], a[i + k]);
        }
    }

    private static void Transpose(float[] a, int n)
    {
        const int Block = 16;
        for (int by = 0; by < n; by += Block)
        {
            for (int bx = by; bx < n; bx += Block)
            {
                for (int y = by; y < Math.Min(by + Block, n); y++)
                {
                    for (int x = Math.Max(bx, y + 1); x < Math.Min(bx + Block, n); x++)
                    {
                        (a[(y * n) + x], a[(x * n) + y]) = (a[(x * n) + y], a[(y * n) + x]);
                    }
                }
            }
        }
    }
}
