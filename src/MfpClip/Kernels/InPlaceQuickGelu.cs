using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using MfpClip.Parallelism;

namespace MfpClip.Kernels;

/// <summary>QuickGELU, <c>x sigmoid(1.702 x)</c>, in one pass over the values and in place.</summary>
internal sealed unsafe class InPlaceQuickGelu : IActivationKernel
{
    private const int Chunk = 1 << 15; // values; small enough to stay in the cache of a core
    private const float Slope = -1.702f * 1.44269504f; // exp(-1.702 x) = 2^(Slope x)

    public static InPlaceQuickGelu Instance { get; } = new();

    public string Name => "in place, AVX-512";

    public bool Serves(Tensor hidden, MlpActivation activation) =>
        activation == MlpActivation.QuickGelu && VectorMath.IsSupported && hidden.device.type == DeviceType.CPU
        && hidden.dtype is ScalarType.Float32 or ScalarType.BFloat16 && hidden.is_contiguous();

    public Tensor Apply(Tensor hidden, MlpActivation activation)
    {
        long count = hidden.numel();
        bool half = hidden.dtype == ScalarType.BFloat16;
        fixed (byte* values = hidden.bytes)
        {
            byte* start = values;
            ParallelPieces.Run((int)((count + Chunk - 1) / Chunk), 1, () => 0, (_, i) =>
                Apply(start, (long)i * Chunk, Math.Min(count, (i + 1L) * Chunk), half), _ => { });
        }

        return hidden;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Apply(byte* values, long from, long to, bool half)
    {
        var slope = Vector512.Create(Slope);
        var one = Vector512.Create(1f);
        long i = from;
        for (; i + 16 <= to; i += 16)
        {
            var x = VectorMath.Load(values, i, half);
            VectorMath.Store(x / (one + VectorMath.Exp2(x * slope)), values, i, half);
        }

        for (; i < to; i++)
        {
            float x = VectorMath.Scalar(values, i, half);
            float y = x / (1 + MathF.Exp(-1.702f * x));
            if (half)
            {
                uint bits = BitConverter.SingleToUInt32Bits(y);
                ((ushort*)values)[i] = (ushort)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
            }
            else
            {
                ((float*)values)[i] = y;
            }
        }
    }
}
