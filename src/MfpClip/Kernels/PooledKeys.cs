using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace MfpClip.Kernels;

/// <summary>
/// The keys that tokens of a grid attend to, in AVX-512: class and prompt tokens, then means and maxima over the cells of a coarse grid, as libtorch's adaptive
/// pooling cuts them.
/// </summary>
internal static unsafe class PooledKeys
{
    private const int Lanes = PanelProduct.Lanes;

    /// <summary>Number of keys.</summary>
    public static int Count(int others, int side) => others + (2 * side * side);

    /// <summary>Makes them.</summary>
    /// <param name="tokens"><c>[others + g * g, D]</c>.</param>
    /// <param name="others">Class and prompt tokens.</param>
    /// <param name="g">Side of the grid.</param>
    /// <param name="side">Side of the coarse grid.</param>
    /// <param name="width">D.</param>
    /// <param name="keys"><c>[Count, D]</c>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Make(float* tokens, int others, int g, int side, int width, float* keys)
    {
        new ReadOnlySpan<float>(tokens, others * width).CopyTo(new Span<float>(keys, others * width));
        float* patches = tokens + ((long)others * width), means = keys + ((long)others * width), maxima = means + ((long)side * side * width);
        for (int cell = 0; cell < side * side; cell++, means += width, maxima += width)
        {
            var (top, bottom) = Cut(cell / side, g, side);
            var (left, right) = Cut(cell % side, g, side);
            var count = Vector512.Create((float)((bottom - top) * (right - left)));
            for (int i = 0; i < width; i += Lanes)
            {
                var (sum, most) = (Vector512<float>.Zero, Vector512.Create(float.NegativeInfinity));
                for (int y = top; y < bottom; y++)
                {
                    float* at = patches + ((((long)y * g) + left) * width) + i;
                    for (int x = left; x < right; x++, at += width)
                    {
                        var v = Vector512.Load(at);
                        (sum, most) = (sum + v, Vector512.MaxNative(most, v));
                    }
                }

                (sum / count).Store(means + i);
                most.Store(maxima + i);
            }
        }
    }

    private static (int From, int End) Cut(int cell, int g, int side) => (cell * g / side, (((cell + 1) * g) + side - 1) / side);
}
