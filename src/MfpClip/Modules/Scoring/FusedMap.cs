using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using MfpClip.Kernels;
using MfpClip.Parallelism;

namespace MfpClip.Modules.Scoring;

/// <summary>
/// The anomaly map without gradients in two passes: over the patches, each to the difference of its two logits, and over the pixels, each to
/// the sum of its stages' softmax. The softmax of two states is the logistic function of their difference, and so is its upsampling's.
/// </summary>
internal static unsafe class FusedMap
{
    /// <summary>Whether these can be mapped here.</summary>
    public static bool Serves(IReadOnlyList<Tensor> Z, IReadOnlyList<Tensor> t) =>
        VectorMath.IsSupported && !torch.is_grad_enabled()
        && Z.All(z => z.device.type == DeviceType.CPU && z.dtype == ScalarType.Float32 && z.shape[1] % 16 == 0 && z.shape.SequenceEqual(Z[0].shape))
        && t.All(s => s.device.type == DeviceType.CPU && s.shape.Length == 3 && s.shape[1] == 2 && s.shape[0] == t[0].shape[0]);

    /// <summary>Sum over the stages of <c>softmax_s</c> of the upsampled <c>tau cos(Z_i, t_s)</c>, divided.</summary>
    /// <param name="Z">S x <c>[B, C, g, g']</c>, fastest with channels last.</param>
    /// <param name="t">S x <c>[B, 2, C]</c> (B may be 1).</param>
    /// <param name="tau">Scale of the cosine.</param>
    /// <param name="alignCorners">How pixels lie on patches.</param>
    /// <param name="height">H.</param>
    /// <param name="width">W.</param>
    /// <param name="divisor">S for the mean, 1 for the sum.</param>
    /// <returns><c>[B, 2, H, W]</c> float32.</returns>
    public static Tensor Map(IReadOnlyList<Tensor> Z, IReadOnlyList<Tensor> t, double tau, bool alignCorners, int height, int width, int divisor)
    {
        var (B, C, rows, columns) = ((int)Z[0].shape[0], (int)Z[0].shape[1], (int)Z[0].shape[2], (int)Z[0].shape[3]);
        var across = Axis(columns, width, alignCorners);
        var down = Axis(rows, height, alignCorners);
        int wide = (width + 15) / 16 * 16;
        var result = torch.empty(B, 2, height, width, dtype: ScalarType.Float32);
        // Differences of a row of patches, upsampled across: S x [rows, wide].
        using var buffer = new Buffer((long)Z.Count * rows * wide);
        float* stretched = buffer.Start;
        using var scope = torch.NewDisposeScope();
        var patches = Z.Select(z => z.permute(0, 2, 3, 1).contiguous()).ToArray(); // [B, g, g', C]
        var texts = t.Select(s => s.to_type(ScalarType.Float32).contiguous()).ToArray();
        fixed (byte* output = result.bytes)
        {
            float* map = (float*)output;
            for (int b = 0; b < B; b++)
            {
                for (int s = 0; s < Z.Count; s++)
                {
                    fixed (byte* z = patches[s].bytes)
                    fixed (byte* text = texts[s].bytes)
                    {
                        float* from = (float*)z + ((long)b * rows * columns * C), states = (float*)text + (texts[s].shape[0] == 1 ? 0 : 2L * b * C);
                        float* to = stretched + ((long)s * rows * wide);
                        ParallelPieces.Run(rows, 4, () => new float[columns], (differences, y) =>
                        {
                            Differences(from + ((long)y * columns * C), columns, C, states, (float)tau, differences);
                            for (int x = 0; x < width; x++)
                            {
                                var (low, high, share) = across[x];
                                to[((long)y * wide) + x] = differences[low] + (share * (differences[high] - differences[low]));
                            }
                        }, _ => { });
                    }
                }

                float* image = map + (2L * b * height * width);
                ParallelPieces.Run(height, 8, () => new Buffer(wide), (row, y) =>
                {
                    Pixels(stretched, Z.Count, (long)rows * wide, wide, down[y], divisor, row.Start);
                    float* abnormal = image + ((long)(height + y) * width), normal = image + ((long)y * width);
                    for (int x = 0; x < width; x++)
                    {
                        abnormal[x] = row.Start[x];
                        normal[x] = ((float)Z.Count / divisor) - row.Start[x];
                    }
                }, row => row.Dispose());
            }
        }

        return result.MoveToOuterDisposeScope();
    }

    /// <summary>As libtorch's bilinear upsampling, in its precision: neighbours of each position and the fraction of the second.</summary>
    private static (int Low, int High, float Fraction)[] Axis(int input, int output, bool alignCorners)
    {
        float scale = alignCorners ? (output > 1 ? (input - 1f) / (output - 1) : 0) : (float)input / output;
        return [.. Enumerable.Range(0, output).Select(i =>
        {
            float at = alignCorners ? scale * i : Math.Max((scale * (i + 0.5f)) - 0.5f, 0);
            int low = Math.Min((int)at, input - 1);
            return (low, Math.Min(low + 1, input - 1), at - low);
        })];
    }

    /// <summary><c>tau (t_1 - t_0) . z / |z|</c> of a row of patches.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Differences(float* z, int columns, int C, float* states, float tau, float[] differences)
    {
        for (int x = 0; x < columns; x++, z += C)
        {
            Vector512<float> squares = default, normal = default, abnormal = default;
            for (int c = 0; c < C; c += 16)
            {
                var v = Vector512.Load(z + c);
                squares = Vector512.FusedMultiplyAdd(v, v, squares);
                normal = Vector512.FusedMultiplyAdd(v, Vector512.Load(states + c), normal);
                abnormal = Vector512.FusedMultiplyAdd(v, Vector512.Load(states + C + c), abnormal);
            }

            float length = MathF.Max(MathF.Sqrt(Vector512.Sum(squares)), 1e-12f);
            differences[x] = tau * (Vector512.Sum(abnormal) - Vector512.Sum(normal)) / length;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pixels(float* stretched, int stages, long stride, int wide, (int Low, int High, float Fraction) row, int divisor, float* result)
    {
        var share = Vector512.Create(row.Fraction);
        var toBase2 = Vector512.Create(-1.44269504f);
        var one = Vector512.Create(1f);
        var scale = Vector512.Create(1f / divisor);
        for (int x = 0; x < wide; x += 16)
        {
            Vector512<float> sum = default;
            float* low = stretched + ((long)row.Low * wide) + x, high = stretched + ((long)row.High * wide) + x;
            for (int s = 0; s < stages; s++, low += stride, high += stride)
            {
                var a = Vector512.Load(low);
                var difference = Vector512.FusedMultiplyAdd(share, Vector512.Load(high) - a, a);
                sum += one / (one + VectorMath.Exp2(difference * toBase2));
            }

            (sum * scale).Store(result + x);
        }
    }

    /// <summary>Zeroed floats outside the managed heap.</summary>
    private sealed class Buffer(long count) : IDisposable
    {
        public float* Start { get; } = (float*)NativeMemory.AllocZeroed((nuint)count, sizeof(float));

        public void Dispose() => NativeMemory.Free(Start);
    }
}
