using System.Collections.Concurrent;
using System.Numerics;
using System.Runtime.InteropServices;

namespace MfpClip.Backbone.Kernels;

/// <summary>
/// Room for intermediate float32 values that stays mapped between calls: memory that is given back to the system and asked for again costs more
/// than what is written to it. Kept by powers of two, as many of each as there are processors.
/// </summary>
internal sealed unsafe class KeptMemory
{
    private static readonly ConcurrentDictionary<int, ConcurrentBag<KeptMemory>> Kept = new();
    private readonly int _power;

    private KeptMemory(int power)
    {
        _power = power;
        Start = (float*)NativeMemory.AlignedAlloc((nuint)sizeof(float) << power, 64);
    }

    ~KeptMemory() => NativeMemory.AlignedFree(Start);

    /// <summary>At a multiple of 64 bytes; what is in it is left over from before.</summary>
    public float* Start { get; }

    /// <summary>Room for at least that many values.</summary>
    public static KeptMemory Rent(long count)
    {
        int power = BitOperations.Log2((ulong)Math.Max(count - 1, 1)) + 1;
        return Kept.GetOrAdd(power, _ => []).TryTake(out var kept) ? kept : new(power);
    }

    /// <summary>Keeps it for a later call, unless enough are kept.</summary>
    public static void Return(KeptMemory memory)
    {
        var bag = Kept.GetOrAdd(memory._power, _ => []);
        if (bag.Count < Environment.ProcessorCount)
        {
            bag.Add(memory);
        }
    }
}
