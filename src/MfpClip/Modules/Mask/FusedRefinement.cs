using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using MfpClip.Kernels;
using MfpClip.Parallelism;

namespace MfpClip.Modules.Mask;

/// <summary>
/// What MP's refinement does before its linear layer, without gradients in two passes over the patches: sum and layer norm, then depthwise 3x3 and GELU.
/// </summary>
internal static unsafe class FusedRefinement
{
    /// <summary>Whether it can run here.</summary>
    public static bool Serves(Tensor z) =>
        VectorMath.IsSupported && !torch.is_grad_enabled() && z.device.type == DeviceType.CPU && z.dtype == ScalarType.Float32 && z.shape[1] % 16 == 0;

    /// <summary><c>GELU(depthwise(LayerNorm(z + p)))</c>.</summary>
    /// <param name="z"><c>[B, C, g, g']</c>, fastest with channels last.</param>
    /// <param name="p">The encoded mask, <c>[B, C, g, g']</c>.</param>
    /// <param name="norm">Weight and bias of the layer norm over the channels.</param>
    /// <param name="eps">Of the layer norm.</param>
    /// <param name="depthwise">Weight <c>[C, 1, 3, 3]</c> and bias.</param>
    /// <returns><c>[B, g, g', C]</c>.</returns>
    public static Tensor Apply(Tensor z, Tensor p, (Tensor Weight, Tensor Bias) norm, double eps, (Tensor Weight, Tensor Bias) depthwise)
    {
        using var scope = torch.NewDisposeScope();
        var (B, C, rows, columns) = ((int)z.shape[0], (int)z.shape[1], (int)z.shape[2], (int)z.shape[3]);
        var (patches, mask) = (z.permute(0, 2, 3, 1).contiguous(), p.permute(0, 2, 3, 1).contiguous());
        var taps = depthwise.Weight.view(C, 9).t().contiguous(); // [9, C]
        var (normed, result) = (torch.empty(B, rows, columns, C, dtype: ScalarType.Float32), torch.empty(B, rows, columns, C, dtype: ScalarType.Float32));
        fixed (byte* a = patches.bytes, m = mask.bytes, w = norm.Weight.bytes, b = norm.Bias.bytes, k = taps.bytes, c = depthwise.Bias.bytes,
            u = normed.bytes, r = result.bytes)
        {
            var (from, added, weight, bias, kernel, shift, middle, to) = ((nint)a, (nint)m, (nint)w, (nint)b, (nint)k, (nint)c, (nint)u, (nint)r);
            int line = columns * C;
            ParallelPieces.Run(B * rows, 4, () => 0, (_, y) =>
            {
                for (int x = 0; x < columns; x++)
                {
                    long at = ((long)y * line) + ((long)x * C);
                    Normalize((float*)from + at, (float*)added + at, (float*)weight, (float*)bias, (float)eps, C, (float*)middle + at);
                }
            }, _ => { });
            ParallelPieces.Run(B * rows, 4, () => 0, (_, y) =>
                Depthwise((float*)middle + ((long)y * line), y % rows, rows, columns, C, (float*)kernel, (float*)shift, (float*)to + ((long)y * line)), _ =>
                    { });
        }

        return result.MoveToOuterDisposeScope();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Normalize(float* z, float* p, float* weight, float* bias, float eps, int C, float* result)
    {
        Vector512<float> sum = default, squares = default;
        for (int c = 0; c < C; c += 16)
        {
            var x = Vector512.Load(z + c) + Vector512.Load(p + c);
            x.Store(result + c);
            sum += x;
        }

        var mean = Vector512.Create(Vector512.Sum(sum) / C);
        for (int c = 0; c < C; c += 16)
        {
            var d = Vector512.Load(result + c) - mean;
            squares = Vector512.FusedMultiplyAdd(d, d, squares);
        }

        var scale = Vector512.Create(1 / MathF.Sqrt((Vector512.Sum(squares) / C) + eps));
        for (int c = 0; c < C; c += 16)
        {
            var d = (Vector512.Load(result + c) - mean) * scale;
            Vector512.FusedMultiplyAdd(d, Vector512.Load(weight + c), Vector512.Load(bias + c)).Store(result + c);
        }
    }

    // A row of patches; input points at it among the rows of its image.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Depthwise(float* input, int row, int rows, int columns, int C, float* kernel, float* bias, float* result)
    {
        int top = row > 0 ? -1 : 0, bottom = row < rows - 1 ? 1 : 0;
        for (int x = 0; x < columns; x++, result += C)
        {
            int left = x > 0 ? -1 : 0, right = x < columns - 1 ? 1 : 0;
            for (int c = 0; c < C; c += 16)
            {
                var sum = Vector512.Load(bias + c);
                for (int j = top; j <= bottom; j++)
                {
                    for (int i = left; i <= right; i++)
                    {
                        sum = Vector512.FusedMultiplyAdd(
                            Vector512.Load(input + ((((long)j * columns) + x + i) * C) + c), Vector512.Load(kernel + ((((j + 1) * 3) + i + 1) * C) + c), sum);
                    }
                }

                VectorMath.Gelu(sum).Store(result + c);
            }
        }
    }
}
