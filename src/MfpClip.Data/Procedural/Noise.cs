namespace MfpClip.Data.Procedural;

/// <summary>Value noise from a hash: smooth, endless, the same on every machine for a seed.</summary>
internal readonly struct Noise(uint seed)
{
    /// <summary>Smooth noise in [0,1] with features of about one unit.</summary>
    public double At(double x, double y)
    {
        int ix = (int)Math.Floor(x), iy = (int)Math.Floor(y);
        double fx = Smooth(x - ix), fy = Smooth(y - iy);
        double top = Mix(Hash(ix, iy), Hash(ix + 1, iy), fx);
        double bottom = Mix(Hash(ix, iy + 1), Hash(ix + 1, iy + 1), fx);
        return Mix(top, bottom, fy);
    }

    /// <summary>Sum of octaves in [0,1], each of half the size and weight.</summary>
    public double Octaves(double x, double y, int octaves)
    {
        double sum = 0, weight = 0.5, total = 0;
        for (int i = 0; i < octaves; i++)
        {
            sum += weight * At(x + (i * 17.3), y - (i * 9.1));
            total += weight;
            (x, y, weight) = (x * 2, y * 2, weight / 2);
        }

        return sum / total;
    }

    /// <summary>A number in [0,1] of its own for each cell.</summary>
    public double Hash(int x, int y)
    {
        uint h = seed ^ unchecked((uint)x * 0x9E3779B1u) ^ unchecked((uint)y * 0x85EBCA77u);
        h = unchecked((h ^ (h >> 15)) * 0x2C1B3C6Du);
        h = unchecked((h ^ (h >> 12)) * 0x297A2D39u);
        return (h ^ (h >> 15)) / (double)uint.MaxValue;
    }

    private static double Smooth(double t) => t * t * (3 - (2 * t));

    private static double Mix(double a, double b, double t) => a + ((b - a) * t);
}

/// <summary>A stream of random numbers that .NET versions do not change (SplitMix64).</summary>
internal sealed class SeededRandom(ulong seed)
{
    private ulong _state = seed;

    public double Next()
    {
        ulong z = unchecked(_state += 0x9E3779B97F4A7C15UL);
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EBUL);
        return ((z ^ (z >> 31)) >> 11) / (double)(1UL << 53);
    }

    public double Between(double low, double high) => low + ((high - low) * Next());

    public int Below(int n) => (int)(Next() * n);

    public uint Seed() => (uint)(Next() * uint.MaxValue);
}

/// <summary>A colour, 0 to 1 each.</summary>
internal readonly record struct Rgb(double R, double G, double B)
{
    public static Rgb operator *(Rgb c, double f) => new(c.R * f, c.G * f, c.B * f);

    public static Rgb operator +(Rgb a, Rgb b) => new(a.R + b.R, a.G + b.G, a.B + b.B);

    public static Rgb Mix(Rgb a, Rgb b, double t) => (a * (1 - t)) + (b * t);
}
