namespace MfpClip.Docs.Tests;

/// <summary>The documentation as it lies in the repository.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    /// <summary>Every Markdown file that people wrote, as paths from the root with forward slashes; results that BenchmarkDotNet writes are left out.</summary>
    public static IReadOnlyList<string> Documents { get; } =
    [
        .. Directory.EnumerateFiles(Root, "*.md").Concat(new[] { "docs", "src", "samples", "feed" }.SelectMany(d => Directory.EnumerateFiles(Path.Combine(Root, d), "*.md", SearchOption.AllDirectories)))
            .Select(f => Path.GetRelativePath(Root, f).Replace('\\', '/'))
            .Where(f => !f.Contains("/bin/", StringComparison.Ordinal) && !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("mfpclip-results/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal),
    ];

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
