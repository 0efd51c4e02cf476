using System.Runtime.InteropServices;

namespace MfpClip;

/// <summary>
/// Whether memory of tensors that are gone is kept for the next ones. The C library of Linux gives large blocks back to the system at once
/// and takes fresh ones for the next tensor; the kernel has to clear each of their pages, which costs up to a fifth of a detection.
/// </summary>
/// <remarks>
/// A setting of the whole process, hence never made by this library on its own: call it at the start of a program that detects a lot. See
/// docs/performance.md.
/// </remarks>
public static class MemoryReuse
{
    // Names and largest threshold of malloc.h and mallopt(3); blocks of more than 32 MiB always go back.
    private const int TrimThreshold = -1, MmapThreshold = -3, LargestMmapThreshold = 32 << 20;

    private static readonly string[] Variables = ["MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES"];

    /// <summary>Keeps freed memory of this process for later tensors.</summary>
    /// <param name="bytes">Most memory that is kept at the end of the heap, at least 1 MiB; it is counted as used by the process.</param>
    /// <returns>
    /// Whether it is so now. <see langword="false"/> on systems without glibc, and where the environment already says how memory is to be handled
    /// (<c>MALLOC_TRIM_THRESHOLD_</c>, <c>MALLOC_MMAP_THRESHOLD_</c>, <c>GLIBC_TUNABLES</c>).
    /// </returns>
    public static bool Enable(int bytes = 1 << 30)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1 << 20);
        if (!OperatingSystem.IsLinux() || Variables.Any(v => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(v))))
        {
            return false;
        }

        try
        {
            return SetOption(MmapThreshold, LargestMmapThreshold) == 1 && SetOption(TrimThreshold, bytes) == 1;
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return false; // another C library
        }
    }

    [DllImport("libc.so.6", EntryPoint = "mallopt")]
    private static extern int SetOption(int option, int value);
}
