namespace MfpClip.Docs.Tests;

/// <summary>The documentation as it lies in the repository.</summary>
internal static class Repository
{
    private static readonly string[] _folders = ["docs", "src", "samples", "feed"], _outputs = ["/bin/", "/obj/", "mfpclip-results/"];

    public static string Root { get; } = Find();

    /// <summary>Every Markdown file that people wrote, as paths from the root with forward slashes; results that BenchmarkDotNet writes are left out.</summary>
    public static IReadOnlyList<string> Documents { get; } =
    [
        .. Directory.EnumerateFiles(Root, "*.md")
            .Concat(_folders.SelectMany(d => Directory.EnumerateFiles(Path.Combine(Root, d), "*.md", SearchOption.AllDirectories)))
            .Select(Relative)
            .Where(f => !_outputs.Any(o => f.Contains(o, StringComparison.Ordinal)))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>A path from the root, with forward slashes.</summary>
    public static string Relative(string path) => Path.GetRelativePath(Root, path).Replace('\\', '/');

    public static string[] Lines(string document) => File.ReadAllLines(Path.Combine(Root, document));

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "MfpClip.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException("The tests of the documentation read it: run them inside the repository.");
    }
}
