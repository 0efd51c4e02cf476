using System.Diagnostics;

namespace MfpClip.Packages.Tests;

/// <summary>Packs the libraries and the tool of this system once, under a version no cache knows, into a folder outside the repository.</summary>
public sealed class PackedOnce : IDisposable
{
    /// <summary>Collection of the tests that share it.</summary>
    public const string Collection = "Packed once";

    private readonly Lazy<string> _tool;

    public PackedOnce()
    {
        Root = Directory.CreateTempSubdirectory("mfpclip-packages-").FullName;
        Feed = Path.Combine(Root, "feed");
        Version = $"0.1.0-test.{Guid.NewGuid():N}"[..22];
        string repository = Repository();
        foreach (string project in Libraries.Select(l => $"src/{l}").Append("samples/MfpClip.Cli"))
        {
            Dotnet(repository, "pack", Path.Combine(repository, project), "-c", "Release", "-v", "q", $"-p:PackageVersion={Version}",
                $"-p:PackageOutputPath={Feed}", $"-p:ToolPackageRuntimeIdentifiers={Rid}");
        }

        _tool = new(Install);
    }

    /// <summary>Where packages of the user are unpacked.</summary>
    public static string UserPackages { get; } = Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } chosen ? chosen
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    /// <summary>Runtime identifier of this system, as the packages name it.</summary>
    public static string Rid { get; } = OperatingSystem.IsWindows() ? "win-x64" : OperatingSystem.IsMacOS() ? "osx-arm64" : "linux-x64";

    /// <summary>Every library of the repository that is published.</summary>
    public static IReadOnlyList<string> Libraries { get; } =
        [.. Directory.GetDirectories(Path.Combine(Repository(), "src")).Select(d => Path.GetFileName(d)!)
            .Where(d => File.Exists(Path.Combine(Repository(), "src", d, $"{d}.csproj"))).Order(StringComparer.Ordinal)];

    public string Root { get; }

    public string Feed { get; }

    public string Version { get; }

    /// <summary>The installed command line.</summary>
    public string Tool => _tool.Value;

    public void Dispose()
    {
        Directory.Delete(Root, recursive: true);

        // Restoring unpacked this version into the packages of the user, where nobody asks for it again.
        foreach (string package in Directory.Exists(UserPackages) ? Directory.GetDirectories(UserPackages) : [])
        {
            string version = Path.Combine(package, Version);
            if (Directory.Exists(version))
            {
                Directory.Delete(version, recursive: true);
            }
        }
    }

    /// <summary>Makes a folder for a fresh project whose packages come from the feed and from wherever this machine gets packages.</summary>
    public string Project(string name, string csproj, params (string Name, string Text)[] files)
    {
        string folder = Path.Combine(Root, name);
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, $"{name}.csproj"), csproj);
        File.WriteAllText(Path.Combine(folder, "nuget.config"),
            $"<configuration><packageSources><add key=\"local\" value=\"{Feed}\" /></packageSources></configuration>");
        foreach (var (file, text) in files)
        {
            File.WriteAllText(Path.Combine(folder, file), text);
        }

        return folder;
    }

    public static string Dotnet(string folder, params string[] arguments) => Run("dotnet", folder, arguments);

    public static string Run(string program, string folder, params string[] arguments)
    {
        var (code, output, errors) = Start(program, folder, [], arguments);
        Assert.True(code == 0, $"{program} {string.Join(' ', arguments)} in {folder} ended with {code}:\n{output}\n{errors}");
        return output;
    }

    /// <summary>Runs a program to its end, whatever that is.</summary>
    public static (int Code, string Output, string Errors) Start(
        string program, string folder, Dictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        // What the test host sets for itself must not reach the child.
        foreach (string variable in start.Environment.Keys.Where(k =>
            k.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase) || k is "VSTEST_HOST_DEBUG").ToList())
        {
            start.Environment.Remove(variable);
        }

        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.Result);
    }

    private string Install()
    {
        string tools = Path.Combine(Root, "tools");
        string folder = Project("Tool1", "<Project />");
        Dotnet(folder, "tool", "install", "MfpClip.Cli", "--version", Version, "--tool-path", tools, "--configfile", Path.Combine(folder, "nuget.config"));
        return Directory.GetFiles(tools, "mfpclip*").First(f => Path.GetExtension(f) is "" or ".exe");
    }

    public static string Repository()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "MfpClip.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("The tests must run inside the repository.");
    }
}
