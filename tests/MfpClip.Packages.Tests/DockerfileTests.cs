using System.Xml.Linq;

namespace MfpClip.Packages.Tests;

/// <summary>What the Dockerfile states, compared with the repository: no container engine runs where these tests do.</summary>
public class DockerfileTests
{
    private static readonly string Root = PackedOnce.Repository();

    // Instructions, continued lines joined.
    private static readonly List<string> Instructions =
    [
        .. File.ReadAllText(Path.Combine(Root, "Dockerfile")).Replace("\\\n", " ", StringComparison.Ordinal).Split('\n')
            .Where(l => l.Length > 0 && !l.StartsWith('#')),
    ];

    private static IEnumerable<string[]> Of(string instruction) =>
        Instructions.Where(i => i.StartsWith($"{instruction} ", StringComparison.Ordinal)).Select(i => i.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    [Fact]
    public void What_it_copies_exists_and_is_not_ignored()
    {
        string[] ignored = File.ReadAllLines(Path.Combine(Root, ".dockerignore"));
        var sources = Of("COPY").Where(c => !c[1].StartsWith("--from", StringComparison.Ordinal)).SelectMany(c => c[1..^1]).ToList();

        Assert.NotEmpty(sources);
        Assert.All(sources, s => Assert.True(Path.Exists(Path.Combine(Root, s)), s));
        Assert.DoesNotContain(sources, ignored.Contains);
        Assert.Contains(".git", ignored);
        Assert.Contains("**/artifacts", ignored);
    }

    [Fact]
    public void Everything_that_the_project_imports_is_copied()
    {
        var copied = Of("COPY").SelectMany(c => c[1..^1]).ToHashSet();

        Assert.Superset(new HashSet<string> { "Directory.Build.props", "Directory.Packages.props", "global.json", "NOTICE", "eng", "src", "samples" }, copied);
    }

    [Fact]
    public void It_packs_and_installs_the_command_line_and_starts_it()
    {
        var project = XDocument.Load(Path.Combine(Root, "samples", "MfpClip.Cli", "MfpClip.Cli.csproj"));
        string Value(string name) => project.Descendants(name).Single().Value;
        var run = Of("RUN").ToList();

        string packed = run.Single(r => r.Contains("pack")).Single(w => w.EndsWith("/MfpClip.Cli", StringComparison.Ordinal));
        Assert.True(Directory.Exists(Path.Combine(Root, packed)), packed);
        string[] install = run.Single(r => r.Contains("install"));
        Assert.Contains(Value("PackageId"), install);
        string tools = install[Array.IndexOf(install, "--tool-path") + 1];
        Assert.Equal($"ENTRYPOINT [\"{tools}/{Value("ToolCommandName")}\"]", Instructions[^1]);
        Assert.Equal(tools, Of("COPY").Single(c => c[1] == "--from=build")[^1]);
        Assert.Contains($"{tools}/{Value("ToolCommandName")}", install); // 'check' unpacks, and fails the build where the library does not load
    }

    [Fact]
    public void The_images_are_of_the_projects_version_of_NET()
    {
        string framework = XDocument.Load(Path.Combine(Root, "Directory.Build.props")).Descendants("TargetFramework").Single().Value;

        Assert.Equal(2, Of("FROM").Count());
        Assert.All(Of("FROM"), f => Assert.EndsWith($":{framework["net".Length..]}", f[1], StringComparison.Ordinal));
    }

    [Fact]
    public void The_program_does_not_run_as_root()
    {
        int last = Instructions.FindLastIndex(i => i.StartsWith("FROM ", StringComparison.Ordinal));
        string user = Instructions.Skip(last).Single(i => i.StartsWith("USER ", StringComparison.Ordinal))["USER ".Length..];

        // The user that Microsoft's images bring for this.
        Assert.Equal("$APP_UID", user);
    }
}
