using System.Runtime.InteropServices;

namespace MfpClip.Modules.Scoring;

/// <summary>The mean of the highest values of a map, found by counting instead of sorting.</summary>
internal static class TopValues
{
    private const int Half = 1 << 16;

    /// <summary>Mean of the <paramref name="count"/> highest; not a number where one of the values is none.</summary>
    public static float Mean(ReadOnlySpan<float> values, int count)
    {
        // Floats in the order of these keys; the upper halves first, then the lower ones among those of the upper half that the threshold has.
        var bits = MemoryMarshal.Cast<float, uint>(values);
        int[] counts = new int[Half];
        foreach (uint b in bits)
        {
            if ((b & int.MaxValue) > 0x7f800000)
            {
                return float.NaN;
            }

            counts[Key(b) >> 16]++;
        }

        var (upper, left) = Find(counts, count);
        Array.Clear(counts);
        double sum = 0;
        foreach (uint b in bits)
        {
            uint key = Key(b), high = key >> 16;
            if (high > upper)
            {
                sum += BitConverter.UInt32BitsToSingle(b);
            }
            else if (high == upper)
            {
                counts[key & (Half - 1)]++;
            }
        }

        var (lower, ties) = Find(counts, left);
        for (uint low = lower + 1; low < Half; low++)
        {
            sum += counts[low] * (double)Value((upper << 16) | low);
        }

        return (float)((sum + (ties * (double)Value((upper << 16) | lower))) / count);
    }

    // The place where that many are reached from above, and how many of it are among them.
    private static (uint Place, int Left) Find(int[] counts, int wanted)
    {
        for (uint place = Half - 1; ; place--)
        {
            if (counts[place] >= wanted)
            {
                return (place, wanted);
            }

            wanted -= counts[place];
        }
    }

    private static uint Key(uint bits) => (bits & 0x80000000) != 0 ? ~bits : bits | 0x80000000;

    private static float Value(uint key) => BitConverter.UInt32BitsToSingle((key & 0x80000000) != 0 ? key & int.MaxValue : ~key);
}
