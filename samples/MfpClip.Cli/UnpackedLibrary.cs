using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace MfpClip.Cli;

/// <summary>
/// The tool package for Linux carries libtorch's largest library compressed (eng/ToolPackage.targets): it is unpacked once, beside the program or, where that
/// folder cannot be written, into a cache, and compared with the hash of the publisher's file.
/// </summary>
internal static class UnpackedLibrary
{
    private const string Library = "libtorch_cpu.so", Packed = $"{Library}.br", Hash = $"{Packed}.sha256";

    private const int LongestWait = 3000; // tenths of a second

    // What the library needs lies beside the program; these are loaded first where it is unpacked elsewhere.
    private static readonly string[] Needed = ["libc10.so", "libgomp-98b21ff3.so.1"];

    /// <summary>Unpacks if that is to be done, and loads the library where no loader would look for it.</summary>
    /// <param name="folder">Folder of the program.</param>
    /// <param name="tell">Called with one line before the work, which takes seconds.</param>
    /// <exception cref="NativeBackendException">It cannot be unpacked anywhere, or the package is damaged.</exception>
    public static void Ensure(string folder, Action<string> tell)
    {
        if (!File.Exists(Path.Combine(folder, Packed)) || File.Exists(Path.Combine(folder, Library)))
        {
            return;
        }

        string hash = File.ReadAllText(Path.Combine(folder, Hash)).Trim();
        string unpacked = InFirstWritable(folder, [folder, Path.Combine(CacheFolder(), hash)], hash, tell);
        if (Path.GetDirectoryName(unpacked) != Path.TrimEndingDirectorySeparator(folder))
        {
            foreach (string needed in Needed.Select(n => Path.Combine(folder, n)).Where(File.Exists).Append(unpacked))
            {
                NativeLibrary.Load(needed);
            }
        }
    }

    private static string InFirstWritable(string folder, string[] targets, string hash, Action<string> tell)
    {
        var reasons = new List<string>();
        foreach (string target in targets.Select(Path.TrimEndingDirectorySeparator))
        {
            try
            {
                return Unpack(Path.Combine(folder, Packed), target, hash, tell);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                reasons.Add($"'{target}': {e.Message}");
            }
        }

        throw new NativeBackendException($"The native library of the package cannot be unpacked ({string.Join(" ", reasons)}). It needs half a gigabyte; "
            + "MFPCLIP_CACHE names another folder.");
    }

    private static string Unpack(string packed, string target, string hash, Action<string> tell)
    {
        string path = Path.Combine(target, Library), partial = $"{path}.unpacking";
        if (!OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(target, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            if (target != Path.GetDirectoryName(packed) && (File.GetUnixFileMode(target) & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != 0)
            {
                throw new IOException("other users can write there.");
            }
        }

        using var output = Hold(partial, path);
        if (output is null)
        {
            return IsOf(path, hash) ? path : throw new IOException($"'{path}' is another file; remove it.");
        }

        tell($"Unpacking libtorch into '{target}', once.");
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var input = new BrotliStream(File.OpenRead(packed), CompressionMode.Decompress);
        var buffer = new byte[1 << 20];
        for (int read; (read = ReadPart(input, buffer, packed)) > 0;)
        {
            output.Write(buffer, 0, read);
            sha256.AppendData(buffer, 0, read);
        }

        output.Flush(flushToDisk: true);
        string actual = Convert.ToHexStringLower(sha256.GetHashAndReset());
        if (actual != hash)
        {
            File.Delete(partial);
            throw new NativeBackendException(
                $"'{packed}' is damaged: it unpacks to the hash {actual[..12]}..., expected {hash[..12]}.... Install the tool again.");
        }

        File.Move(partial, path, overwrite: true); // still held, so that no other process begins with the same file
        return path;
    }

    private static bool IsOf(string path, string hash)
    {
        using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream)) == hash;
    }

    private static int ReadPart(BrotliStream input, byte[] buffer, string packed)
    {
        try
        {
            return input.Read(buffer);
        }
        catch (InvalidDataException e)
        {
            throw new NativeBackendException($"'{packed}' is damaged. Install the tool again.", e);
        }
    }

    // Null: another process finished it meanwhile.
    private static FileStream? Hold(string partial, string finished)
    {
        for (int waited = 0; ; waited++)
        {
            if (File.Exists(finished))
            {
                return null;
            }

            try
            {
                var stream = new FileStream(partial, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
                if (!File.Exists(finished))
                {
                    stream.SetLength(0);
                    return stream;
                }

                stream.Dispose();
                File.Delete(partial);
                return null;
            }
            catch (IOException) when (waited < LongestWait && (File.Exists(partial) || File.Exists(finished)))
            {
                Thread.Sleep(100); // another process unpacks it
            }
        }
    }

    private static string CacheFolder() =>
        Environment.GetEnvironmentVariable("MFPCLIP_CACHE") is { Length: > 0 } chosen ? Path.Combine(chosen, "libtorch") : Path.Combine(
            Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } xdg && Path.IsPathRooted(xdg) ? xdg
                : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"), "mfpclip", "libtorch");
}
