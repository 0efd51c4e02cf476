using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;

namespace MfpClip.Packages.Tests;

/// <summary>The command line as it is published: one package for each system, installed from a feed.</summary>
[Collection(PackedOnce.Collection)]
public class ToolPackageTests(PackedOnce packed)
{
    // What a registry takes is 250 MB; this leaves room.
    private const long Most = 130_000_000;

    private string PackagePath => Path.Combine(packed.Feed, $"MfpClip.Cli.{PackedOnce.Rid}.{packed.Version}.nupkg");

    [Fact]
    public void The_packages_are_small_enough_to_be_published()
    {
        Assert.InRange(new FileInfo(PackagePath).Length, 1, Most);
        Assert.InRange(new FileInfo(Path.Combine(packed.Feed, $"MfpClip.Cli.{packed.Version}.nupkg")).Length, 1, 200_000);
    }

    [Fact]
    public void A_package_holds_one_systems_files_and_the_licences_of_others_but_not_their_symbols()
    {
        using var package = ZipFile.OpenRead(PackagePath);
        var names = package.Entries.Select(e => e.FullName).ToList();

        Assert.DoesNotContain(names, n => n.EndsWith(".pdb", StringComparison.Ordinal) && !Path.GetFileName(n).StartsWith("MfpClip", StringComparison.Ordinal));
        Assert.DoesNotContain(names, n => n.Contains("torch_python", StringComparison.Ordinal) || n.Contains("_test", StringComparison.Ordinal));
        Assert.Single(names, n => Path.GetFileNameWithoutExtension(n) == "libSkiaSharp");
        Assert.Contains("LICENSE-LIBTORCH.txt", names);
        Assert.Contains("NOTICE", names);
        Assert.Contains("README.md", names);
    }

    [Fact]
    public void It_installs_as_a_tool_and_detects()
    {
        string folder = Directory.CreateDirectory(Path.Combine(packed.Root, "detected")).FullName;

        string output = PackedOnce.Run(packed.Tool, folder, "detect", "--out", "results", "--json");

        Assert.Contains("\"score\":", output, StringComparison.Ordinal);
        JsonDocument.Parse(output).Dispose(); // nothing else on standard output
        Assert.True(File.Exists(Path.Combine(folder, "results", "report.html")));
    }

    [SkippableFact]
    public void The_library_that_was_unpacked_is_the_publishers()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "only the package for Linux is compressed twice");
        PackedOnce.Run(packed.Tool, packed.Root, "check");
        string unpacked = Directory.GetFiles(Path.Combine(packed.Root, "tools"), "libtorch_cpu.so", SearchOption.AllDirectories).Single();
        string published = Path.Combine(
            PackedOnce.UserPackages, "libtorch-cpu-linux-x64", "2.10.0", "runtimes", "linux-x64", "native", "libtorch_cpu.so");

        Assert.Equal(Hash(published), Hash(unpacked));
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(unpacked)!, "*.unpacking"));
    }

    [Fact]
    public void Its_threads_follow_the_processors_that_the_process_may_use()
    {
        // What a quota of a container does to .NET, without a container.
        var (code, output, errors) = PackedOnce.Start(packed.Tool, packed.Root, new() { ["DOTNET_PROCESSOR_COUNT"] = "1" }, "check", "--json");

        Assert.True(code == 0, errors);
        Assert.Equal(1, JsonDocument.Parse(output).RootElement.GetProperty("threads").GetInt32());
    }

    [Fact]
    public void Without_libtorch_standard_output_is_still_only_JSON()
    {
        string folder = Broken();
        string program = Path.Combine(folder, "MfpClip.Cli.dll");

        var check = PackedOnce.Start("dotnet", folder, [], program, "check", "--json");
        string photo = Path.Combine(PackedOnce.Repository(), "samples", "images", "metal_nut-good.png");
        var detect = PackedOnce.Start("dotnet", folder, [], program, "detect", photo, "--out", "results", "--json");

        Assert.NotEqual(0, check.Code);
        Assert.NotEqual(0, detect.Code);
        Assert.False(JsonDocument.Parse(check.Output).RootElement.GetProperty("is_ready").GetBoolean());
        Assert.Contains("libtorch", JsonDocument.Parse(detect.Output).RootElement.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [SkippableFact]
    public void A_damaged_package_is_refused_and_leaves_nothing_behind()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "only the package for Linux is compressed twice");
        string folder = Broken();
        string packedLibrary = Path.Combine(folder, "libtorch_cpu.so.br");
        using (var stream = File.Create(packedLibrary))
        using (var brotli = new BrotliStream(stream, CompressionLevel.Fastest))
        {
            brotli.Write(new byte[5000]);
        }

        File.WriteAllText($"{packedLibrary}.sha256", new string('0', 64));

        var (code, output, _) = PackedOnce.Start("dotnet", folder, [], Path.Combine(folder, "MfpClip.Cli.dll"), "check", "--json");

        Assert.Equal(1, code);
        Assert.Contains("is damaged", JsonDocument.Parse(output).RootElement.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.GetFiles(folder), f => Path.GetFileName(f) is "libtorch_cpu.so" or "libtorch_cpu.so.unpacking");
    }

    // The installed program without libtorch's main library.
    private string Broken()
    {
        _ = packed.Tool;
        string program = Directory.GetFiles(Path.Combine(packed.Root, "tools"), "MfpClip.Cli.dll", SearchOption.AllDirectories).Single();
        string folder = Directory.CreateDirectory(Path.Combine(packed.Root, $"broken-{Guid.NewGuid():N}")).FullName;
        var files = Directory.GetFiles(Path.GetDirectoryName(program)!);
        foreach (string file in files.Where(f => !Path.GetFileName(f).Contains("torch_cpu", StringComparison.Ordinal)))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        return folder;
    }

    private static string Hash(string path)
    {
        using var stream = File.OpenRead(path);
        return Convert.ToHexString(SHA256.HashData(stream));
    }
}
