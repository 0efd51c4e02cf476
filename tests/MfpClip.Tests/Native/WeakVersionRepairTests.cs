using System.Security.Cryptography;
using MfpClip.Native;

namespace MfpClip.Tests.Native;

public sealed class WeakVersionRepairTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static byte[] Library()
    {
        string? path = OperatingSystem.IsLinux() ? NativeFiles.Find("libLibTorchSharp.so") : null;
        Skip.If(path is null, "This system has no libLibTorchSharp.so: the repair is for Linux.");
        return File.ReadAllBytes(path!);
    }

    [SkippableFact]
    public void One_byte_changes_and_it_is_the_flag_of_the_named_version_need()
    {
        byte[] original = Library();
        byte[] repaired = WeakVersionRepair.Apply(original);
        var changed = Enumerable.Range(0, original.Length).Where(i => original[i] != repaired[i]).ToList();

        int at = Assert.Single(changed);
        Assert.Equal((0, 2), (original[at], repaired[at]));
        // A version need is vna_hash, vna_flags, vna_other, vna_name, vna_next; the hash is the System V ABI's of the name.
        uint hash = 0;
        foreach (char c in "GLIBCXX_3.4.32")
        {
            hash = (hash << 4) + c;
            uint high = hash & 0xf0000000;
            hash = (hash ^ (high >> 24)) & ~high;
        }

        Assert.Equal(hash, BitConverter.ToUInt32(original, at - 4));
    }

    [SkippableFact]
    public void A_repaired_library_is_not_repaired_again()
    {
        Assert.Contains("already", Assert.Throws<NativeBackendException>(() => WeakVersionRepair.Apply(WeakVersionRepair.Apply(Library()))).Message,
            StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Other_and_damaged_files_are_refused_with_the_typed_error()
    {
        byte[] original = Library();
        Assert.Throws<NativeBackendException>(() => WeakVersionRepair.Apply([]));
        Assert.Throws<NativeBackendException>(() => WeakVersionRepair.Apply(new byte[5000]));
        Assert.Contains("does not need", Assert.Throws<NativeBackendException>(() =>
            WeakVersionRepair.Apply(File.ReadAllBytes(NativeFiles.Find("libc10.so")!))).Message, StringComparison.Ordinal);
        var random = new Random(2);
        for (int i = 0; i < 60; i++)
        {
            Assert.Throws<NativeBackendException>(() => WeakVersionRepair.Apply(original.AsSpan(0, random.Next(original.Length))));
            byte[] flipped = (byte[])original.Clone();
            for (int n = 0; n < 40; n++)
            {
                // Headers, version section and section table.
                int at = random.Next(3) switch { 0 => random.Next(64), 1 => 0x3f8f0 + random.Next(0x300), _ => original.Length - 1 - random.Next(2500) };
                flipped[at] = (byte)random.Next(256);
            }

            try
            {
                WeakVersionRepair.Apply(flipped);
            }
            catch (NativeBackendException)
            {
                // Refusing is the other allowed outcome.
            }
        }
    }

    [SkippableFact]
    public void The_cache_is_private_keyed_by_hash_and_safe_when_many_start_at_once()
    {
        byte[] original = Library();
        string library = Path.Combine(_folder, "lib.so");
        File.WriteAllBytes(library, original);
        string cache = Path.Combine(_folder, "cache");

        var paths = new string[16];
        Parallel.For(0, 16, i => paths[i] = RepairedLibraryCache.GetOrCreate(library, cache));

        string path = Assert.Single(paths.Distinct());
        Assert.Equal(WeakVersionRepair.Apply(original), File.ReadAllBytes(path));
        Assert.Contains(Convert.ToHexStringLower(SHA256.HashData(original)), path, StringComparison.Ordinal);
        Assert.Equal([path], Directory.GetFiles(cache, "*", SearchOption.AllDirectories));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, OperatingSystem.IsLinux()
            ? File.GetUnixFileMode(Path.GetDirectoryName(path)!) : default);

        File.WriteAllText(path, "tampered");
        Assert.Equal(WeakVersionRepair.Apply(original), File.ReadAllBytes(RepairedLibraryCache.GetOrCreate(library, cache)));
    }

    [SkippableFact]
    public void A_cache_that_cannot_be_written_gives_way_to_a_temporary_folder()
    {
        string library = Path.Combine(_folder, "lib.so");
        File.WriteAllBytes(library, Library());
        File.WriteAllText(Path.Combine(_folder, "blocked"), "a file, not a folder");

        string path = RepairedLibraryCache.GetOrCreate(library, Path.Combine(_folder, "blocked"));

        Assert.StartsWith(Path.GetTempPath(), path, StringComparison.Ordinal);
        Assert.True(File.Exists(path));
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }
}
