namespace MfpClip.Files;

/// <summary>What counts as a failure of the disk: full, read-only, of others, gone.</summary>
internal static class DiskFault
{
    /// <summary>
    /// Whether writing or reading failed for the disk's sake. .NET tells a file that outgrows what its file system allows (EFBIG: 4 GiB on FAT32, a quota, a
    /// limit of the process) as a wrong argument called "value".
    /// </summary>
    public static bool Is(Exception e) => e is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException { ParamName: "value" };
}
