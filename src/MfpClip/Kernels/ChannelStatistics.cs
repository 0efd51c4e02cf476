using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace MfpClip.Kernels;

/// <summary>Statistics of each channel of a map within one image, in AVX-512.</summary>
internal static unsafe class ChannelStatistics
{
    private const int Lanes = PanelProduct.Lanes;

    /// <summary>Mean and one over the deviation; a channel that hardly varies in the image is not blown up beyond a tenth of its usual deviation.</summary>
    /// <param name="x"><c>[cells, C]</c>.</param>
    /// <param name="cells">Places.</param>
    /// <param name="C">Channels.</param>
    /// <param name="usual">Usual deviation of each channel.</param>
    /// <param name="means">C values: the means.</param>
    /// <param name="factors">C values: one over the deviations.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Within(float* x, int cells, int C, float[] usual, float* means, float* factors)
    {
        new Span<float>(means, C).Clear();
        new Span<float>(factors, C).Clear();
        for (long cell = 0; cell < cells; cell++)
        {
            Accumulate(x + (cell * C), null, means, C);
        }

        for (int c = 0; c < C; c++)
        {
            means[c] /= cells;
        }

        for (long cell = 0; cell < cells; cell++)
        {
            Accumulate(x + (cell * C), means, factors, C);
        }

        for (int c = 0; c < C; c++)
        {
            factors[c] = 1 / MathF.Sqrt((factors[c] / cells) + (0.01f * usual[c] * usual[c]));
        }
    }

    // Adds values, or squares of what they are above the means.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Accumulate(float* x, float* means, float* to, int C)
    {
        int c = 0;
        for (; c + Lanes <= C; c += Lanes)
        {
            var v = Vector512.Load(x + c);
            var centred = means is null ? v : v - Vector512.Load(means + c);
            (Vector512.Load(to + c) + (means is null ? centred : centred * centred)).Store(to + c);
        }

        for (; c < C; c++)
        {
            float centred = means is null ? x[c] : x[c] - means[c];
            to[c] += means is null ? centred : centred * centred;
        }
    }
}
