using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace MfpClip.Kernels;

/// <summary>Memory of one thread of a kernel, aligned to cache lines and kept for later calls of any kernel.</summary>
internal sealed unsafe class ThreadScratch
{
    private static readonly ConcurrentBag<ThreadScratch> Pool = [];
    private readonly long _count;

    private ThreadScratch(long count)
    {
        _count = count;
        Floats = (float*)NativeMemory.AlignedAlloc((nuint)count * sizeof(float), 64);
    }

    ~ThreadScratch() => NativeMemory.AlignedFree(Floats);

    /// <summary>The memory; its values are those of whoever had it before.</summary>
    public float* Floats { get; }

    /// <summary>Memory for that many values.</summary>
    public static ThreadScratch Rent(long count) => Pool.TryTake(out var kept) && kept._count >= count ? kept : new(count);

    /// <summary>Keeps it, unless enough are kept.</summary>
    public static void Return(ThreadScratch scratch)
    {
        if (Pool.Count < ThreadLimit.Count)
        {
            Pool.Add(scratch);
        }
    }
}
