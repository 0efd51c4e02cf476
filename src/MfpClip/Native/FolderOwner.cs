using System.Runtime.InteropServices;
using System.Text;

namespace MfpClip.Native;

/// <summary>Whether other users could change what lies in a folder: code is loaded from none that they can.</summary>
internal static partial class FolderOwner
{
    // struct statx of the kernel: the owner's id and the mode lie at the same place on every architecture.
    private const int OwnerAt = 20, ModeAt = 28, StatxLength = 256, CurrentFolder = -100, NoFollow = 0x100, BasicStats = 0x7ff;
    private const int WritableByOthers = 0x12, Sticky = 0x200, KindMask = 0xf000, Folder = 0x4000;

    /// <summary>Refuses a folder that another user owns or may write in, or whose parents are so. On Linux; elsewhere nothing is checked.</summary>
    /// <exception cref="IOException">It is so.</exception>
    public static void Check(string folder)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        try
        {
            CheckEach(Path.GetFullPath(folder), GetEffectiveUser());
        }
        catch (EntryPointNotFoundException)
        {
            // A C library before 2.28 does not tell the owner; setting the mode fails for everybody else.
            File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private static void CheckEach(string folder, uint me)
    {
        for (string? path = folder; path is not null; path = Path.GetDirectoryName(path))
        {
            var (owner, mode) = Status(path);
            string? fault = (mode & KindMask) != Folder ? "is no folder of its own (a link?)"
                : owner != me && owner != 0 ? $"belongs to another user ({owner})"
                : (mode & WritableByOthers) != 0 && (mode & Sticky) == 0 ? "can be written by other users" : null;
            // Above the folder itself a link of one's own is usual: /home may be one.
            if (fault is not null && (path == folder || (mode & KindMask) == Folder))
            {
                throw new IOException($"'{path}' {fault}.");
            }
        }
    }

    private static (uint Owner, int Mode) Status(string path)
    {
        byte[] status = new byte[StatxLength];
        return StatX(CurrentFolder, Encoding.UTF8.GetBytes(path + '\0'), NoFollow, BasicStats, status) == 0
            ? (BitConverter.ToUInt32(status, OwnerAt), BitConverter.ToUInt16(status, ModeAt))
            : throw new IOException($"'{path}' cannot be looked at (error {Marshal.GetLastPInvokeError()}).");
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetEffectiveUser();

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static partial int StatX(int folder, byte[] path, int flags, uint mask, byte[] status);
}
