using System.Numerics;

namespace MfpClip.Fuzz;

/// <summary>Numbers that follow from a seed and the number of an input alone (SplitMix64), so that each input can be made again by itself.</summary>
internal sealed class FuzzRandom(long seed, long input)
{
    private ulong _state = ((ulong)seed * 0x9E3779B97F4A7C15) ^ ((ulong)(input + 1) * 0xD1342543DE82EF95);

    public ulong NextBits()
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>From 0 to below <paramref name="most"/>; 0 where that is 0.</summary>
    public int Next(int most) => most <= 1 ? 0 : (int)(NextBits() % (ulong)most);

    public bool Chance(int oneIn) => Next(oneIn) == 0;

    public T Of<T>(IReadOnlyList<T> items) => items[Next(items.Count)];

    /// <summary>A length: short ones are more frequent.</summary>
    public int Length(int most) =>
        Math.Min(most, 1 + Next(1 << Next(BitOperations.Log2((uint)Math.Max(most, 1)) + 2)));

    /// <summary>A number at which programs go wrong.</summary>
    public long Number() => Next(4) == 0 ? (long)(NextBits() >> Next(64)) : Of(Numbers) + (Next(3) - 1);

    private static readonly long[] Numbers =
    [
        0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 77, 100, 127, 128, 255, 256, 1000, 1024, 4096, 10_000, 32_767, 32_768, 65_535, 65_536, 100_000,
        1_000_000, 16_777_216, 100_000_000, 1_073_741_824, int.MaxValue, int.MinValue, uint.MaxValue, 1L << 32, 1L << 40, 1L << 62, long.MaxValue,
        long.MinValue, -1, -2, -16, -1000,
    ];
}
