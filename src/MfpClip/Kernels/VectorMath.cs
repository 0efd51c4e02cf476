using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace MfpClip.Kernels;

/// <summary>Sixteen values at once, as float32 or as bfloat16 (the upper half of a float32, rounded to even).</summary>
internal static unsafe class VectorMath
{
    /// <summary>Whether the managed kernels pay here. Without AVX-512 libtorch's own serve.</summary>
    public static bool IsSupported => Vector512.IsHardwareAccelerated && Avx512F.IsSupported;

    /// <summary>Whether the processor multiplies bfloat16 (AVX512_BF16).</summary>
    public static bool HasBFloat16 { get; } = X86Base.IsSupported && X86Base.CpuId(0, 0).Eax >= 7 && X86Base.CpuId(7, 0).Eax >= 1
        && (X86Base.CpuId(7, 1).Eax & (1 << 5)) != 0;

    /// <summary>Loads 16 values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(byte* source, long index, bool half) =>
        half ? Widen((ushort*)source + index) : Vector512.Load((float*)source + index);

    /// <summary>Stores 16 values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<float> value, byte* target, long index, bool half)
    {
        if (half)
        {
            Narrow(value).Store((ushort*)target + index);
        }
        else
        {
            value.Store((float*)target + index);
        }
    }

    /// <summary>Stores 32 values as bfloat16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePair(Vector512<float> low, Vector512<float> high, ushort* target)
    {
        Narrow(low).Store(target);
        Narrow(high).Store(target + 16);
    }

    /// <summary>One value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Scalar(byte* source, long index, bool half) =>
        half ? BitConverter.UInt32BitsToSingle((uint)((ushort*)source)[index] << 16) : ((float*)source)[index];

    /// <summary>2^x to within 2e-7 of itself; 0 below the smallest number, infinity above the largest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp2(Vector512<float> x)
    {
        var whole = Avx512F.RoundScale(x, 8); // to the nearest integer
        var f = x - whole; // [-1/2, 1/2]
        // Minimax-like coefficients: ln(2)^n / n!, the last two adjusted to the interval.
        var p = Vector512.Create(1.5403530e-4f);
        p = Vector512.FusedMultiplyAdd(p, f, Vector512.Create(1.3398874e-3f));
        p = Vector512.FusedMultiplyAdd(p, f, Vector512.Create(9.6181291e-3f));
        p = Vector512.FusedMultiplyAdd(p, f, Vector512.Create(5.5503324e-2f));
        p = Vector512.FusedMultiplyAdd(p, f, Vector512.Create(2.4022651e-1f));
        p = Vector512.FusedMultiplyAdd(p, f, Vector512.Create(6.9314718e-1f));
        p = Vector512.FusedMultiplyAdd(p, f, Vector512.Create(1f));
        return Avx512F.Scale(p, whole);
    }

    /// <summary>GELU, <c>x (1 + erf(x / sqrt 2)) / 2</c>, to within 2e-7 of max(1, |x|) (Abramowitz and Stegun, 7.1.26).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Gelu(Vector512<float> x)
    {
        var one = Vector512.Create(1f);
        var z = Vector512.Abs(x) * Vector512.Create(0.70710678f);
        var t = one / Vector512.FusedMultiplyAdd(z, Vector512.Create(0.3275911f), one);
        var p = Vector512.Create(1.061405429f);
        p = Vector512.FusedMultiplyAdd(p, t, Vector512.Create(-1.453152027f));
        p = Vector512.FusedMultiplyAdd(p, t, Vector512.Create(1.421413741f));
        p = Vector512.FusedMultiplyAdd(p, t, Vector512.Create(-0.284496736f));
        p = Vector512.FusedMultiplyAdd(p, t, Vector512.Create(0.254829592f));
        var tail = p * t * Exp2(z * z * Vector512.Create(-1.44269504f)); // 1 - erf(z)
        var half = x * Vector512.Create(0.5f);
        return Vector512.FusedMultiplyAdd(Vector512.Abs(half), one - tail, half);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Widen(ushort* source) =>
        Avx512F.ShiftLeftLogical(Avx512F.ConvertToVector512UInt32(Vector256.Load(source)), 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ushort> Narrow(Vector512<float> value)
    {
        var bits = value.AsUInt32();
        var odd = Avx512F.ShiftRightLogical(bits, 16) & Vector512.Create(1u);
        return Avx512F.ConvertToVector256UInt16(Avx512F.ShiftRightLogical(bits + Vector512.Create(0x7fffu) + odd, 16));
    }
}
