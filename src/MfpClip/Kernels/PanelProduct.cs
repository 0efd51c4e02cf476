using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace MfpClip.Kernels;

/// <summary>
/// Rows times a small matrix in AVX-512. The matrix is packed into panels of 48 outputs, the last of 48, 32 or 16; eight rows at a time meet a panel, and 24
/// of the 32 registers sum. Each value is summed in the order of the inputs, whatever the rows are cut into. Runs on the calling thread.
/// </summary>
internal static unsafe class PanelProduct
{
    /// <summary>Values of a vector.</summary>
    public const int Lanes = 16;

    private const int Panel = 3 * Lanes, Rows = 8;

    /// <summary>Outputs rounded up to whole vectors: what a packed matrix and its bias hold.</summary>
    public static int Padded(int outputs) => (outputs + Lanes - 1) / Lanes * Lanes;

    /// <summary>Packs a matrix.</summary>
    /// <param name="from">Value of output o and input i at <c>o * outputStride + i * inputStride</c>.</param>
    /// <param name="inputs">Inputs.</param>
    /// <param name="outputs">Outputs; those up to <see cref="Padded"/> become 0.</param>
    /// <param name="inputStride">Values between two inputs.</param>
    /// <param name="outputStride">Values between two outputs.</param>
    /// <param name="to"><c>inputs * Padded(outputs)</c> values: each panel <c>[inputs, its outputs]</c>.</param>
    /// <param name="factor">What each value is multiplied with.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(float* from, int inputs, int outputs, long inputStride, long outputStride, float* to, float factor = 1)
    {
        int padded = Padded(outputs);
        for (int first = 0; first < padded; first += Panel)
        {
            int width = Math.Min(Panel, padded - first), filled = Math.Min(width, outputs - first);
            float* panel = to + ((long)first * inputs);
            for (int i = 0; i < inputs; i++, panel += width)
            {
                float* source = from + (i * inputStride) + (first * outputStride);
                for (int j = 0; j < filled; j++)
                {
                    panel[j] = source[j * outputStride] * factor;
                }

                new Span<float>(panel + filled, width - filled).Clear();
            }
        }
    }

    /// <summary>Computes rows.</summary>
    /// <param name="x">Rows, <paramref name="stride"/> values from one to the next.</param>
    /// <param name="stride">See there.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="weight">Packed.</param>
    /// <param name="inputs">Width of a row.</param>
    /// <param name="outputs">Width of a row of the result.</param>
    /// <param name="bias">Added; <c>Padded(outputs)</c> values.</param>
    /// <param name="result">Rows, <paramref name="resultStride"/> values from one to the next.</param>
    /// <param name="resultStride">See there.</param>
    /// <param name="shortcut">What is added, laid out as the result; null: nothing.</param>
    /// <param name="limited">Whether ReLU6 follows.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Apply(float* x, long stride, int rows, float* weight, int inputs, int outputs, float* bias, float* result, long resultStride,
        float* shortcut, bool limited)
    {
        float* sums = stackalloc float[(Rows * Panel) + Lanes];
        sums = (float*)(((nint)sums + 63) & ~63);
        for (int first = 0; first < outputs; first += Panel)
        {
            int columns = Math.Min(Panel, outputs - first), vectors = (columns + Lanes - 1) / Lanes;
            float* panel = weight + ((long)first * inputs);
            for (int row = 0; row < rows; row += Rows)
            {
                int count = Math.Min(Rows, rows - row);
                float* from = x + (row * stride);
                switch (vectors)
                {
                    case 3: Three(from, stride, count, panel, inputs, bias + first, sums); break;
                    case 2: Two(from, stride, count, panel, inputs, bias + first, sums); break;
                    default: One(from, stride, count, panel, inputs, bias + first, sums); break;
                }

                long at = (row * resultStride) + first;
                Put(sums, vectors * Lanes, count, columns, result + at, resultStride, shortcut is null ? null : shortcut + at, limited);
            }
        }
    }

    // Sums of a block, which lie in the first-level cache, to the result.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Put(float* sums, int width, int count, int columns, float* to, long stride, float* shortcut, bool limited)
    {
        var (zero, six) = (Vector512<float>.Zero, Vector512.Create(6f));
        for (int i = 0; i < count; i++, sums += width, to += stride)
        {
            int j = 0;
            for (; j + Lanes <= columns; j += Lanes)
            {
                var v = Vector512.Load(sums + j);
                v = shortcut is null ? v : v + Vector512.Load(shortcut + j);
                v = limited ? Vector512.MinNative(Vector512.MaxNative(v, zero), six) : v;
                v.Store(to + j);
            }

            for (; j < columns; j++)
            {
                float v = shortcut is null ? sums[j] : sums[j] + shortcut[j];
                to[j] = limited ? Math.Clamp(v, 0, 6) : v;
            }

            shortcut = shortcut is null ? null : shortcut + stride;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Three(float* x, long stride, int count, float* w, int depth, float* bias, float* sums)
    {
        float* x1 = x + (count > 1 ? stride : 0), x2 = x + (count > 2 ? 2 * stride : 0), x3 = x + (count > 3 ? 3 * stride : 0);
        float* x4 = x + (count > 4 ? 4 * stride : 0), x5 = x + (count > 5 ? 5 * stride : 0), x6 = x + (count > 6 ? 6 * stride : 0);
        float* x7 = x + (count > 7 ? 7 * stride : 0);
        Vector512<float> a0, a1, a2, b0, b1, b2, c0, c1, c2, d0, d1, d2, e0, e1, e2, f0, f1, f2, g0, g1, g2, h0, h1, h2;
        a0 = b0 = c0 = d0 = e0 = f0 = g0 = h0 = Vector512.Load(bias);
        a1 = b1 = c1 = d1 = e1 = f1 = g1 = h1 = Vector512.Load(bias + 16);
        a2 = b2 = c2 = d2 = e2 = f2 = g2 = h2 = Vector512.Load(bias + 32);
        for (long k = 0; k < depth; k++, w += Panel)
        {
            var w0 = Vector512.Load(w);
            var w1 = Vector512.Load(w + 16);
            var w2 = Vector512.Load(w + 32);
            var t = Vector512.Create(x[k]);
            (a0, a1, a2) = (Vector512.FusedMultiplyAdd(t, w0, a0), Vector512.FusedMultiplyAdd(t, w1, a1), Vector512.FusedMultiplyAdd(t, w2, a2));
            t = Vector512.Create(x1[k]);
            (b0, b1, b2) = (Vector512.FusedMultiplyAdd(t, w0, b0), Vector512.FusedMultiplyAdd(t, w1, b1), Vector512.FusedMultiplyAdd(t, w2, b2));
            t = Vector512.Create(x2[k]);
            (c0, c1, c2) = (Vector512.FusedMultiplyAdd(t, w0, c0), Vector512.FusedMultiplyAdd(t, w1, c1), Vector512.FusedMultiplyAdd(t, w2, c2));
            t = Vector512.Create(x3[k]);
            (d0, d1, d2) = (Vector512.FusedMultiplyAdd(t, w0, d0), Vector512.FusedMultiplyAdd(t, w1, d1), Vector512.FusedMultiplyAdd(t, w2, d2));
            t = Vector512.Create(x4[k]);
            (e0, e1, e2) = (Vector512.FusedMultiplyAdd(t, w0, e0), Vector512.FusedMultiplyAdd(t, w1, e1), Vector512.FusedMultiplyAdd(t, w2, e2));
            t = Vector512.Create(x5[k]);
            (f0, f1, f2) = (Vector512.FusedMultiplyAdd(t, w0, f0), Vector512.FusedMultiplyAdd(t, w1, f1), Vector512.FusedMultiplyAdd(t, w2, f2));
            t = Vector512.Create(x6[k]);
            (g0, g1, g2) = (Vector512.FusedMultiplyAdd(t, w0, g0), Vector512.FusedMultiplyAdd(t, w1, g1), Vector512.FusedMultiplyAdd(t, w2, g2));
            t = Vector512.Create(x7[k]);
            (h0, h1, h2) = (Vector512.FusedMultiplyAdd(t, w0, h0), Vector512.FusedMultiplyAdd(t, w1, h1), Vector512.FusedMultiplyAdd(t, w2, h2));
        }

        Store(sums, a0, a1, a2);
        Store(sums + 48, b0, b1, b2);
        Store(sums + 96, c0, c1, c2);
        Store(sums + 144, d0, d1, d2);
        Store(sums + 192, e0, e1, e2);
        Store(sums + 240, f0, f1, f2);
        Store(sums + 288, g0, g1, g2);
        Store(sums + 336, h0, h1, h2);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* to, Vector512<float> v0, Vector512<float> v1, Vector512<float> v2)
    {
        v0.Store(to);
        v1.Store(to + 16);
        v2.Store(to + 32);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Two(float* x, long stride, int count, float* w, int depth, float* bias, float* sums)
    {
        for (int half = 0; half < count; half += 4, x += 4 * stride, sums += 4 * 2 * Lanes)
        {
            int rows = count - half;
            float* x1 = x + (rows > 1 ? stride : 0), x2 = x + (rows > 2 ? 2 * stride : 0), x3 = x + (rows > 3 ? 3 * stride : 0), panel = w;
            Vector512<float> a0, a1, b0, b1, c0, c1, d0, d1;
            a0 = b0 = c0 = d0 = Vector512.Load(bias);
            a1 = b1 = c1 = d1 = Vector512.Load(bias + 16);
            for (long k = 0; k < depth; k++, panel += 2 * Lanes)
            {
                var w0 = Vector512.Load(panel);
                var w1 = Vector512.Load(panel + 16);
                var t = Vector512.Create(x[k]);
                (a0, a1) = (Vector512.FusedMultiplyAdd(t, w0, a0), Vector512.FusedMultiplyAdd(t, w1, a1));
                t = Vector512.Create(x1[k]);
                (b0, b1) = (Vector512.FusedMultiplyAdd(t, w0, b0), Vector512.FusedMultiplyAdd(t, w1, b1));
                t = Vector512.Create(x2[k]);
                (c0, c1) = (Vector512.FusedMultiplyAdd(t, w0, c0), Vector512.FusedMultiplyAdd(t, w1, c1));
                t = Vector512.Create(x3[k]);
                (d0, d1) = (Vector512.FusedMultiplyAdd(t, w0, d0), Vector512.FusedMultiplyAdd(t, w1, d1));
            }

            a0.Store(sums);
            a1.Store(sums + 16);
            b0.Store(sums + 32);
            b1.Store(sums + 48);
            c0.Store(sums + 64);
            c1.Store(sums + 80);
            d0.Store(sums + 96);
            d1.Store(sums + 112);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One(float* x, long stride, int count, float* w, int depth, float* bias, float* sums)
    {
        float* x1 = x + (count > 1 ? stride : 0), x2 = x + (count > 2 ? 2 * stride : 0), x3 = x + (count > 3 ? 3 * stride : 0);
        float* x4 = x + (count > 4 ? 4 * stride : 0), x5 = x + (count > 5 ? 5 * stride : 0), x6 = x + (count > 6 ? 6 * stride : 0);
        float* x7 = x + (count > 7 ? 7 * stride : 0);
        Vector512<float> a, b, c, d, e, f, g, h;
        a = b = c = d = e = f = g = h = Vector512.Load(bias);
        for (long k = 0; k < depth; k++, w += Lanes)
        {
            var v = Vector512.Load(w);
            a = Vector512.FusedMultiplyAdd(Vector512.Create(x[k]), v, a);
            b = Vector512.FusedMultiplyAdd(Vector512.Create(x1[k]), v, b);
            c = Vector512.FusedMultiplyAdd(Vector512.Create(x2[k]), v, c);
            d = Vector512.FusedMultiplyAdd(Vector512.Create(x3[k]), v, d);
            e = Vector512.FusedMultiplyAdd(Vector512.Create(x4[k]), v, e);
            f = Vector512.FusedMultiplyAdd(Vector512.Create(x5[k]), v, f);
            g = Vector512.FusedMultiplyAdd(Vector512.Create(x6[k]), v, g);
            h = Vector512.FusedMultiplyAdd(Vector512.Create(x7[k]), v, h);
        }

        Store(sums, a, b, c);
        Store(sums + 48, d, e, f);
        g.Store(sums + 96);
        h.Store(sums + 112);
    }
}
