using System.IO.Compression;

namespace MfpClip.Packages.Tests;

/// <summary>What the package MfpClip says while an application is built.</summary>
[Collection(PackedOnce.Collection)]
public class BuildChecksTests(PackedOnce packed)
{
    [Fact]
    public void An_application_without_a_backend_gets_a_warning_that_says_what_to_add()
    {
        string folder = packed.Project("Backend0", Csproj(string.Empty), ("Program.cs", "Console.WriteLine(1);"));

        string output = PackedOnce.Dotnet(folder, "build", "-v", "m");

        Assert.Contains("warning MFPCLIP001", output, StringComparison.Ordinal);
        Assert.Contains("dotnet add package libtorch-cpu-", output, StringComparison.Ordinal);
        Assert.DoesNotContain("MFPCLIP001", Check(folder, "-p:MfpClipCheckNativeBackend=false"), StringComparison.Ordinal);
        Assert.DoesNotContain("MFPCLIP001", Check(folder, "-p:OutputType=Library"), StringComparison.Ordinal);
    }

    [Fact]
    public void An_application_with_a_backend_gets_none()
    {
        string folder = packed.Project("Backend1", Csproj($"<PackageReference Include=\"libtorch-cpu-{PackedOnce.Rid}\" Version=\"2.10.0\" />"));

        Assert.DoesNotContain("MFPCLIP001", Check(folder), StringComparison.Ordinal);
    }

    // Stand-ins of the same names and form: those packages have gigabytes.
    [Theory]
    [InlineData("libtorch-cuda-12.8-test")]
    [InlineData("TorchSharp-test-cpu", "libtorch-cpu-test")]
    public void Neither_does_one_with_another_backend_or_a_combined_package(string reference, string? dependency = null)
    {
        string backend = dependency ?? reference;
        Pack(backend, $"runtimes/{PackedOnce.Rid}/native/libtorch_test.so", string.Empty);
        if (dependency is not null)
        {
            Pack(reference, "lib/net10.0/_._", $"<dependencies><dependency id=\"{backend}\" version=\"{packed.Version}\" /></dependencies>");
        }

        string folder = packed.Project(
            $"Backend2{reference.Length}", Csproj($"<PackageReference Include=\"{reference}\" Version=\"{packed.Version}\" />"));

        Assert.DoesNotContain("MFPCLIP001", Check(folder), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("PublishTrimmed")]
    [InlineData("PublishAot")]
    public void Trimming_is_refused_when_it_is_asked_for(string property)
    {
        string folder = packed.Project($"{property}1", Csproj(string.Empty));
        PackedOnce.Dotnet(folder, "restore");

        var (code, output, _) = PackedOnce.Start("dotnet", folder, [], "msbuild", "-t:MfpClipCheckTrimming", $"-p:{property}=true");
        var allowed = PackedOnce.Start("dotnet", folder, [], "msbuild", "-t:MfpClipCheckTrimming", $"-p:{property}=true", "-p:MfpClipAllowTrimming=true");

        Assert.NotEqual(0, code);
        Assert.Contains("error MFPCLIP002", output, StringComparison.Ordinal);
        Assert.Contains(property, output, StringComparison.Ordinal);
        Assert.Equal(0, allowed.Code);
    }

    private static string Check(string folder, params string[] more) =>
        PackedOnce.Dotnet(folder, ["build", "-v", "m", "-t:MfpClipCheckNativeBackend", .. more]);

    private void Pack(string id, string file, string dependencies)
    {
        using var package = ZipFile.Open(Path.Combine(packed.Feed, $"{id}.{packed.Version}.nupkg"), ZipArchiveMode.Create);
        using (var writer = new StreamWriter(package.CreateEntry($"{id}.nuspec").Open()))
        {
            writer.Write($"<package><metadata><id>{id}</id><version>{packed.Version}</version><authors>test</authors><description>test</description>"
                + $"{dependencies}</metadata></package>");
        }

        package.CreateEntry(file).Open().Dispose();
    }

    private string Csproj(string references) => $"""
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings></PropertyGroup>
          <ItemGroup>
            <PackageReference Include="MfpClip" Version="{packed.Version}" />
            {references}
          </ItemGroup>
        </Project>
        """;
}
