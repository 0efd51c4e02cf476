namespace MfpClip.Evaluation.Metrics;

/// <summary>
/// Counts in bins of 64 neighbouring float32 numbers: a score keeps 17 bits of its mantissa, so a bin is at most 2^-17 of its score
/// wide. Bins are allocated where scores fall; maps in [0,1] need at most 266 MB, any float32 at most 1.1 GB, however many maps.
/// </summary>
internal sealed class BinnedPixels : IPixelStore
{
    private const int Dropped = 6;
    private const int ChunkBits = 12;
    private readonly Bin[]?[] _chunks = new Bin[1 << (32 - Dropped - ChunkBits)][];

    public bool IsExact => false;

    public void Add(ReadOnlySpan<float> map, ReadOnlySpan<int> labels, IReadOnlyList<int> areas)
    {
        for (int i = 0; i < map.Length; i++)
        {
            int region = labels.IsEmpty ? 0 : labels[i];
            Add(OrderedFloat.Key(map[i]), region > 0 ? 1.0 / areas[region - 1] : 0);
        }
    }

    /// <summary>Counts one pixel.</summary>
    /// <param name="key">Of <see cref="OrderedFloat"/>.</param>
    /// <param name="cover">1 / area of its region; 0: background.</param>
    public void Add(uint key, double cover)
    {
        uint index = key >> Dropped;
        ref Bin bin = ref (_chunks[index >> ChunkBits] ??= new Bin[1 << ChunkBits])[index & ((1 << ChunkBits) - 1)];
        if (cover > 0)
        {
            bin.Positives++;
            bin.Cover += cover;
        }
        else
        {
            bin.Negatives++;
        }
    }

    public void Walk(Action<float, long, long, double> group)
    {
        for (int c = _chunks.Length - 1; c >= 0; c--)
        {
            if (_chunks[c] is not { } chunk)
            {
                continue;
            }

            for (int b = chunk.Length - 1; b >= 0; b--)
            {
                ref readonly Bin bin = ref chunk[b];
                if (bin.Positives > 0 || bin.Negatives > 0)
                {
                    group(OrderedFloat.Value((((uint)c << ChunkBits) | (uint)b) << Dropped), bin.Positives, bin.Negatives, bin.Cover);
                }
            }
        }
    }

    /// <summary>Whether the bin with this lower edge may hold scores above a threshold that is not below the edge.</summary>
    /// <param name="edge">Lower edge.</param>
    /// <param name="threshold">Not below it.</param>
    /// <param name="single">Whether the threshold is a float32 number; else its bin is known to one bin.</param>
    public static bool CanContainAbove(float edge, double threshold, bool single) =>
        (OrderedFloat.Key((float)threshold) >> Dropped) - (OrderedFloat.Key(edge) >> Dropped) <= (single ? 0u : 1u);

    // The accumulator refuses more pixels than a 32-bit count can hold.
    private struct Bin
    {
        public uint Positives;
        public uint Negatives;
        public double Cover;
    }
}
