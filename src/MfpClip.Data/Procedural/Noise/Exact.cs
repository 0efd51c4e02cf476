namespace MfpClip.Data.Procedural.Noise;

/// <summary>
/// Elementary functions made of + - * / and square roots only, which IEEE 754 fixes to the last bit; the platform's own differ in it from
/// machine to machine. Accurate to about 1e-5, enough for images. Angles are in turns.
/// </summary>
internal static class Exact
{
    public static float Sin(float turns)
    {
        float r = turns - MathF.Floor(turns + 0.5f);
        r = r > 0.25f ? 0.5f - r : r < -0.25f ? -0.5f - r : r;
        float x = r * 6.2831855f, q = x * x;
        return x * (1 - (q * (0.16666667f - (q * (0.008333333f - (q * (1.9841270e-4f - (q * 2.7557319e-6f))))))));
    }

    public static float Cos(float turns) => Sin(turns + 0.25f);

    public static float Exp2(float x)
    {
        x = Math.Clamp(x, -120f, 120f);
        float whole = MathF.Floor(x), f = x - whole;
        float p = 1 + (f * (0.69314718f + (f * (0.24022651f + (f * (0.05550327f + (f * (0.00961799f + (f * 0.00133989f)))))))));
        return p * BitConverter.Int32BitsToSingle(((int)whole + 127) << 23);
    }

    public static float Exp(float x) => Exp2(x * 1.44269504f);

    /// <summary>For positive numbers.</summary>
    public static float Log2(float x)
    {
        int bits = BitConverter.SingleToInt32Bits(x);
        int exponent = (bits >> 23) - 127;
        float m = BitConverter.Int32BitsToSingle((bits & 0x7FFFFF) | 0x3F800000);
        if (m > 1.41421356f)
        {
            m *= 0.5f;
            exponent++;
        }

        float t = (m - 1) / (m + 1), q = t * t;
        return exponent + (t * (2.88539008f + (q * (0.96179669f + (q * (0.57707802f + (q * 0.41219859f)))))));
    }

    /// <summary>For numbers of at least 0.</summary>
    public static float Pow(float x, float exponent) => x <= 0 ? 0 : Exp2(exponent * Log2(x));

    /// <summary>Direction of a vector in turns, in (-0.5, 0.5].</summary>
    public static float Atan2(float y, float x)
    {
        float ax = Math.Abs(x), ay = Math.Abs(y);
        float high = Math.Max(ax, ay);
        if (high == 0)
        {
            return 0;
        }

        float t = Math.Min(ax, ay) / high, q = t * t;
        float a = t * (0.15915494f * (
            0.99997726f + (q * (-0.33262347f + (q * (0.19354346f + (q * (-0.11643287f + (q * (0.05265332f - (q * 0.01172120f)))))))))));
        a = ay > ax ? 0.25f - a : a;
        a = x < 0 ? 0.5f - a : a;
        return y < 0 ? -a : a;
    }

    /// <summary>0 below <paramref name="from"/>, 1 above <paramref name="to"/>, smooth between; falling where they are swapped.</summary>
    public static float Step(float from, float to, float v)
    {
        float t = Math.Clamp((v - from) / (to - from), 0f, 1f);
        return t * t * (3 - (2 * t));
    }

    /// <summary>A number in [0,1) of its own for each cell of a grid.</summary>
    public static float Hash(uint seed, int x, int y)
    {
        uint h = seed ^ unchecked((uint)x * 0x9E3779B1u) ^ unchecked((uint)y * 0x85EBCA77u);
        h = unchecked((h ^ (h >> 15)) * 0x2C1B3C6Du);
        h = unchecked((h ^ (h >> 12)) * 0x297A2D39u);
        return ((h ^ (h >> 15)) >> 8) * (1f / (1 << 24));
    }
}
