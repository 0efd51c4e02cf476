using MfpClip.Native;

namespace MfpClip;

/// <summary>
/// How many threads of this process compute: in libtorch's operators, in this library's own kernels, and decoding ahead. Without a limit as many as the process
/// may use processors: the quota of a container counts.
/// </summary>
/// <remarks>
/// A setting of the whole process, as libtorch's is. Several processes on one machine, or detectors beside other work, run best with a part of the processors
/// each. libtorch's threads between operators stay as they are: forward passes do not use them, and setting them a second time ends the process. The
/// configuration key <c>Threads</c> and the command line's <c>--threads</c> set it.
/// </remarks>
public static class ThreadLimit
{
    /// <summary>The largest limit.</summary>
    public const int Maximum = 1024;
    private static int limit;

    /// <summary>The limit; without one the processors that this process may use.</summary>
    public static int Count => Volatile.Read(ref limit) is > 0 and var set ? set : Environment.ProcessorCount;

    /// <summary>Whether <see cref="Set"/> was called.</summary>
    internal static bool IsSet => Volatile.Read(ref limit) > 0;

    /// <summary>Sets it, best before the first detector is built.</summary>
    /// <param name="threads">1 to <see cref="Maximum"/>; more than there are processors is slower.</param>
    /// <exception cref="ArgumentOutOfRangeException">Not such a number.</exception>
    public static void Set(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, Maximum);
        Volatile.Write(ref limit, threads);
        NativeStart.LimitThreads();
    }
}
