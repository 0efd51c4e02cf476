using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using MfpClip.Kernels;
using MfpClip.Parallelism;

namespace MfpClip.Modules.Scoring;

/// <summary>Gaussian smoothing of float32 maps in AVX-512: two passes with the kernel's taps in double precision, rounded to float32 after each axis.</summary>
internal static unsafe class FusedSmoothing
{
    private const int Lanes = 8, RowsOfPiece = 32;

    /// <summary>Whether it can run here.</summary>
    public static bool Serves(Tensor map) =>
        VectorMath.IsSupported && !torch.is_grad_enabled() && map.device.type == DeviceType.CPU && map.dtype == ScalarType.Float32;

    /// <summary>Smooths along both axes; mirrored at the borders.</summary>
    /// <param name="map"><c>[B, H, W]</c>.</param>
    /// <param name="sigma">Width in pixels.</param>
    public static Tensor Apply(Tensor map, double sigma)
    {
        double[] kernel = TensorSmoothing.Kernel(sigma, TensorSmoothing.Radius(sigma));
        using var scope = torch.NewDisposeScope();
        var source = map.contiguous();
        var result = torch.empty_like(source);
        int H = (int)map.shape[1], W = (int)map.shape[2], radius = kernel.Length / 2;
        int padded = (W + Lanes - 1) / Lanes * Lanes;
        int[] rows = Places(H, 0), columns = Places(W, padded - W);
        int pieces = (H + RowsOfPiece - 1) / RowsOfPiece;
        fixed (byte* a = source.bytes, b = result.bytes)
        fixed (double* k = kernel)
        {
            var (from, to, taps) = ((nint)a, (nint)b, (nint)k);
            ParallelPieces.Run((int)map.shape[0] * pieces, 1, () => new double[2 * (columns.Length + padded)], (line, piece) =>
            {
                float* image = (float*)from + ((long)(piece / pieces) * H * W), target = (float*)to + ((long)(piece / pieces) * H * W);
                fixed (double* wide = line)
                {
                    for (int row = H * (piece % pieces) / pieces; row < H * ((piece % pieces) + 1) / pieces; row++)
                    {
                        Row(image, W, row, rows, columns, (double*)taps, kernel.Length, wide, target + ((long)row * W));
                    }
                }
            }, _ => { });
        }

        return result.MoveToOuterDisposeScope();

        int[] Places(int n, int more) => [.. Enumerable.Range(0, n + (2 * radius) + more).Select(i => (int)TensorSmoothing.Mirror(i - radius, n))];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Row(float* image, int W, int row, int[] rows, int[] columns, double* taps, int count, double* scratch, float* to)
    {
        double* down = scratch, line = scratch + columns.Length;
        new Span<double>(down, W).Clear();
        for (int k = 0; k < count; k++)
        {
            float* source = image + ((long)rows[row + k] * W);
            var weight = Vector512.Create(taps[k]);
            int x = 0;
            for (; x + Lanes <= W; x += Lanes)
            {
                Vector512.FusedMultiplyAdd(weight, Widen(source + x), Vector512.Load(down + x)).Store(down + x);
            }

            for (; x < W; x++)
            {
                down[x] += taps[k] * source[x];
            }
        }

        for (int i = 0; i < columns.Length; i++)
        {
            line[i] = (float)down[columns[i]];
        }

        for (int x = 0; x < W; x += Lanes)
        {
            var sum = Vector512<double>.Zero;
            for (int k = 0; k < count; k++)
            {
                sum = Vector512.FusedMultiplyAdd(Vector512.Create(taps[k]), Vector512.Load(line + x + k), sum);
            }

            for (int i = 0; i < Math.Min(Lanes, W - x); i++)
            {
                to[x + i] = (float)sum[i];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Widen(float* source) => System.Runtime.Intrinsics.X86.Avx512F.ConvertToVector512Double(Vector256.Load(source));
}
