using System.Security.Cryptography;

namespace MfpClip.Native;

/// <summary>
/// Keeps repaired copies in a folder private to the user, one per hash of the original. Written to a temporary file and
/// renamed, so that processes that start at once never see half a file.
/// </summary>
internal static class RepairedLibraryCache
{
    private const string FileName = "libLibTorchSharp.so";

    /// <summary>The default folder: MFPCLIP_CACHE, else XDG_CACHE_HOME/mfpclip, else ~/.cache/mfpclip.</summary>
    public static string DefaultFolder()
    {
        if (Environment.GetEnvironmentVariable("MFPCLIP_CACHE") is { Length: > 0 } chosen)
        {
            return Path.Combine(chosen, "native");
        }

        string root = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } xdg && Path.IsPathRooted(xdg)
            ? xdg
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return Path.Combine(root, "mfpclip", "native");
    }

    /// <summary>Returns the path of a repaired copy of <paramref name="original"/>, made now or before.</summary>
    /// <exception cref="NativeBackendException">The original is not the library the repair was proven on.</exception>
    /// <exception cref="IOException">Neither the folder nor a temporary one can be written.</exception>
    public static string GetOrCreate(string original, string folder)
    {
        byte[] bytes = File.ReadAllBytes(original);
        byte[] repaired = WeakVersionRepair.Apply(bytes);
        string key = Convert.ToHexStringLower(SHA256.HashData(bytes));
        try
        {
            return Store(repaired, Path.Combine(folder, key));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            // A read-only home (containers): a fresh folder that only this user can enter.
            return Store(repaired, Directory.CreateTempSubdirectory("mfpclip-native-").FullName);
        }
    }

    private static string Store(byte[] repaired, string folder)
    {
        CreatePrivate(folder);
        string path = Path.Combine(folder, FileName);
        if (File.Exists(path) && File.ReadAllBytes(path).AsSpan().SequenceEqual(repaired))
        {
            return path;
        }

        string temporary = Path.Combine(folder, $"{FileName}.{Guid.NewGuid():N}.tmp");
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                stream.Write(repaired);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }

        return path;
    }

    private static void CreatePrivate(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
            return;
        }

        const UnixFileMode Mine = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(folder, Mine);
        FolderOwner.Check(folder);
    }
}
