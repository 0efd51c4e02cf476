using System.Text.RegularExpressions;

namespace MfpClip.Docs.Tests;

/// <summary>Links between the pages, and from the pages to files of the repository.</summary>
public partial class LinkTests
{
    private const string Index = "docs/README.md";

    public static TheoryData<string> Documents => [.. Repository.Documents];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Relative_links_lead_to_files_and_headings(string document)
    {
        var broken = Links(document).Where(l => !Exists(l.Target) || (l.Anchor.Length > 0 && !Headings(l.Target).Contains(l.Anchor)))
            .Select(l => $"{document}:{l.Line}: {l.Written}");

        Assert.True(!broken.Any(), $"These links lead nowhere:\n{string.Join('\n', broken)}");
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void Paths_in_the_text_exist(string document)
    {
        var missing = Repository.Lines(document)
            .SelectMany((text, i) => PathInText().Matches(text).Select(m => (Path: m.Groups["path"].Value, Line: i + 1)))
            .Where(p => !Exists(p.Path)).Select(p => $"{document}:{p.Line}: {p.Path}");

        Assert.True(!missing.Any(), $"These paths do not exist:\n{string.Join('\n', missing)}");
    }

    [Fact]
    public void Every_file_of_docs_is_reached_from_its_index()
    {
        var reached = new HashSet<string>(StringComparer.Ordinal) { Index };
        var open = new Queue<string>(reached);
        while (open.TryDequeue(out string? document))
        {
            var targets = Links(document).Select(l => l.Target).Where(t => t.StartsWith("docs/", StringComparison.Ordinal) && Exists(t));
            foreach (string target in targets.Where(reached.Add))
            {
                if (target.EndsWith(".md", StringComparison.Ordinal))
                {
                    open.Enqueue(target);
                }
            }
        }

        var lost = Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*", SearchOption.AllDirectories).Select(Repository.Relative)
            .Where(f => !reached.Contains(f) && !reached.Contains(Path.GetDirectoryName(f)!.Replace('\\', '/'))).Order(StringComparer.Ordinal);
        Assert.True(!lost.Any(), $"No link leads from {Index} to:\n{string.Join('\n', lost)}");
    }

    private static IEnumerable<(int Line, string Written, string Target, string Anchor)> Links(string document)
    {
        var fences = Fence.In(document).Select(f => (First: f.Line, Last: f.Line + f.Text.Count)).ToList();
        string folder = document.Contains('/', StringComparison.Ordinal) ? document[..document.LastIndexOf('/')] : string.Empty;
        return Repository.Lines(document).Select((text, i) => (Text: text, Line: i + 1))
            .Where(l => !fences.Any(f => l.Line >= f.First && l.Line <= f.Last))
            .SelectMany(l => Link().Matches(l.Text).Select(m => (l.Line, Written: m.Groups["to"].Value)))
            .Where(l => !l.Written.Contains("://", StringComparison.Ordinal) && !l.Written.StartsWith("mailto:", StringComparison.Ordinal))
            .Select(l =>
            {
                string[] parts = l.Written.Split('#', 2);
                string target = parts[0].Length == 0 ? document : Repository.Relative(Path.GetFullPath(Path.Combine(Repository.Root, folder, parts[0])));
                return (l.Line, l.Written, target, parts.Length > 1 ? parts[1] : string.Empty);
            });
    }

    private static bool Exists(string path) => !path.StartsWith("..", StringComparison.Ordinal) && Path.Exists(Path.Combine(Repository.Root, path));

    // As GitHub makes them: lower case, without punctuation, hyphens for spaces.
    private static IEnumerable<string> Headings(string document)
        => Repository.Lines(document).Where(l => l.StartsWith('#'))
            .Select(l => NotInAnchors().Replace(l.TrimStart('#').Trim().ToLowerInvariant(), string.Empty).Replace(' ', '-'));

    [GeneratedRegex(@"\]\((?<to>[^)\s]+)\)")]
    private static partial Regex Link();

    // A path of the repository in code font; examples of a user's own paths start elsewhere.
    [GeneratedRegex(@"`(?<path>(?:src|tests|docs|eng|benchmarks)/[\w./-]+)`")]
    private static partial Regex PathInText();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInAnchors();
}
