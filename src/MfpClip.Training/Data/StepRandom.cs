namespace MfpClip.Training.Data;

/// <summary>
/// Numbers that follow from a seed and a place in the training alone (SplitMix64), so that a resumed run draws what the uninterrupted one
/// would have drawn, without any stored state.
/// </summary>
internal struct StepRandom(ulong seed)
{
    private ulong _state = seed;

    /// <summary>A stream of its own for each place.</summary>
    public static StepRandom At(long seed, params ReadOnlySpan<long> place)
    {
        ulong state = unchecked((ulong)seed) ^ 0x6A09E667F3BCC909UL;
        foreach (long part in place)
        {
            var mixed = new StepRandom(state ^ unchecked((ulong)part * 0xD1342543DE82EF95UL));
            state = mixed.Next();
        }

        return new(state);
    }

    /// <summary>64 random bits.</summary>
    public ulong Next()
    {
        _state = unchecked(_state + 0x9E3779B97F4A7C15UL);
        ulong z = _state;
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EBUL);
        return z ^ (z >> 31);
    }

    /// <summary>Uniform in [0, 1).</summary>
    public double Uniform() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in 0 to <paramref name="limit"/> - 1.</summary>
    public int Below(int limit) => (int)(((UInt128)Next() * (ulong)limit) >> 64);

    /// <summary>0 to <paramref name="count"/> - 1 in random order (Fisher and Yates).</summary>
    public int[] Permutation(int count)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        for (int i = count - 1; i > 0; i--)
        {
            int j = Below(i + 1);
            (order[i], order[j]) = (order[j], order[i]);
        }

        return order;
    }
}
