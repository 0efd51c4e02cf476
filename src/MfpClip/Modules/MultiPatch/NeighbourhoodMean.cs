using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using MfpClip.Parallelism;

namespace MfpClip.Modules.MultiPatch;

/// <summary>MPFA's average without gradients in one pass: sums down the neighbourhood of a row, then across, with channels last.</summary>
internal static unsafe class NeighbourhoodMean
{
    /// <summary>Whether it can run here.</summary>
    public static bool Serves(Tensor z) =>
        !torch.is_grad_enabled() && z.device.type == DeviceType.CPU && z.dtype == ScalarType.Float32 && z.shape[1] % Vector<float>.Count == 0;

    /// <summary>The average over the <paramref name="n"/> x <paramref name="n"/> neighbourhood of each position, over what of it exists.</summary>
    /// <param name="z"><c>[B, C, g, g']</c>, fastest with channels last.</param>
    /// <param name="n">Side of the neighbourhood, odd.</param>
    /// <returns><c>[B, C, g, g']</c>, channels last.</returns>
    public static Tensor Apply(Tensor z, int n)
    {
        using var scope = torch.NewDisposeScope();
        var (B, C, rows, columns) = ((int)z.shape[0], (int)z.shape[1], (int)z.shape[2], (int)z.shape[3]);
        var grid = z.permute(0, 2, 3, 1).contiguous(); // [B, g, g', C]
        var result = torch.empty(B, rows, columns, C, dtype: ScalarType.Float32);
        int line = columns * C, reach = n / 2;
        fixed (byte* input = grid.bytes, output = result.bytes)
        {
            var (from, to) = ((nint)input, (nint)output);
            ParallelPieces.Run(B * rows, 4, () => Marshal.AllocHGlobal(line * sizeof(float)), (sums, i) =>
            {
                int y = i % rows, top = Math.Max(y - reach, 0), bottom = Math.Min(y + reach, rows - 1);
                var image = (float*)from + ((long)(i - y) * line);
                Down(image + ((long)top * line), bottom - top + 1, line, (float*)sums);
                Across((float*)sums, columns, C, reach, bottom - top + 1, (float*)to + ((long)i * line));
            }, Marshal.FreeHGlobal);
        }

        return result.permute(0, 3, 1, 2).MoveToOuterDisposeScope();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Down(float* rows, int count, int line, float* sums)
    {
        for (int i = 0; i < line; i += Vector<float>.Count)
        {
            var sum = Vector.Load(rows + i);
            for (int j = 1; j < count; j++)
            {
                sum += Vector.Load(rows + ((long)j * line) + i);
            }

            sum.Store(sums + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Across(float* sums, int columns, int C, int reach, int down, float* result)
    {
        for (int x = 0; x < columns; x++, result += C)
        {
            int left = Math.Max(x - reach, 0), right = Math.Min(x + reach, columns - 1);
            var share = new Vector<float>(1f / (down * (right - left + 1)));
            for (int c = 0; c < C; c += Vector<float>.Count)
            {
                var sum = Vector.Load(sums + ((long)left * C) + c);
                for (int i = left + 1; i <= right; i++)
                {
                    sum += Vector.Load(sums + ((long)i * C) + c);
                }

                (sum * share).Store(result + c);
            }
        }
    }
}
