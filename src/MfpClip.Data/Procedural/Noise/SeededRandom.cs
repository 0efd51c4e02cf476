namespace MfpClip.Data.Procedural.Noise;

/// <summary>A stream of random numbers that neither .NET versions nor machines change (SplitMix64).</summary>
internal sealed class SeededRandom(ulong seed)
{
    private ulong _state = seed;

    /// <summary>64 random bits.</summary>
    public ulong Bits()
    {
        ulong z = unchecked(_state += 0x9E3779B97F4A7C15UL);
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EBUL);
        return z ^ (z >> 31);
    }

    /// <summary>In [0,1).</summary>
    public float Next() => (Bits() >> 40) * (1f / (1 << 24));

    /// <summary>In [low, high).</summary>
    public float Between(float low, float high) => low + ((high - low) * Next());

    /// <summary>Between two positive numbers, every ratio as likely as any other.</summary>
    public float LogBetween(float low, float high) => Exact.Exp2(Between(Exact.Log2(low), Exact.Log2(high)));

    /// <summary>A whole number in [0, n).</summary>
    public int Below(int n) => (int)((Bits() >> 32) * (ulong)n >> 32);

    /// <summary>A whole number in [low, high].</summary>
    public int Count(int low, int high) => low + Below(high - low + 1);

    /// <summary>True with the given probability.</summary>
    public bool Chance(float probability) => Next() < probability;

    /// <summary>-1 or 1.</summary>
    public float Sign() => (Bits() >> 63) == 0 ? 1 : -1;

    /// <summary>One of several.</summary>
    public T Pick<T>(params ReadOnlySpan<T> items) => items[Below(items.Length)];

    /// <summary>Nearly normal, mean 0 and deviation 1: the sum of four uniform numbers.</summary>
    public float Normal()
    {
        ulong b = Bits();
        int sum = (int)(b & 0xFFFF) + (int)((b >> 16) & 0xFFFF) + (int)((b >> 32) & 0xFFFF) + (int)(b >> 48);
        return (sum - 131070) * (1f / 37837.2f);
    }

    /// <summary>A stream of its own, so that what is drawn from it does not move what is drawn here later.</summary>
    public SeededRandom Fork() => new(Bits());

    /// <summary>The stream of a name and a number.</summary>
    public static SeededRandom For(string name, long seed)
    {
        ulong hash = 14695981039346656037UL ^ unchecked((ulong)seed * 0x9E3779B97F4A7C15UL);
        foreach (char c in name)
        {
            hash = unchecked((hash ^ c) * 1099511628211UL);
        }

        return new(new SeededRandom(hash).Bits());
    }
}
