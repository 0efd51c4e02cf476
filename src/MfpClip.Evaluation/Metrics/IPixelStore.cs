namespace MfpClip.Evaluation.Metrics;

/// <summary>Scores of all pixels with their labels, in a form that can be walked from the highest to the lowest score.</summary>
internal interface IPixelStore
{
    /// <summary>Whether each distinct score is a group of its own.</summary>
    bool IsExact { get; }

    /// <summary>
    /// Calls with each group of scores, falling: score (lower edge of a bin), positives, negatives, and the sum over its positives of 1 / area of their region.
    /// </summary>
    void Walk(Action<float, long, long, double> group);
}

/// <summary>Float32 scores as integers of the same order.</summary>
internal static class OrderedFloat
{
    public static uint Key(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value + 0f); // -0 and 0 are tied
        return (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
    }

    public static float Value(uint key) => BitConverter.UInt32BitsToSingle((key & 0x80000000u) != 0 ? key & 0x7fffffffu : ~key);
}
