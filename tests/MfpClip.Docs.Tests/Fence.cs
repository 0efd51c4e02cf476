namespace MfpClip.Docs.Tests;

/// <summary>A fenced block of a Markdown file.</summary>
/// <param name="Document">The file, from the repository's root.</param>
/// <param name="Line">Line of the first line inside, from 1.</param>
/// <param name="Language">What stands behind the opening backticks.</param>
/// <param name="Given">The parameters that a comment before the fence declares: <c>&lt;!-- snippet: given IZeroShotDetector detector --&gt;</c>.</param>
/// <param name="Text">What is inside.</param>
internal sealed record Fence(string Document, int Line, string Language, string Given, IReadOnlyList<string> Text)
{
    private const string Marker = "<!-- snippet: given ", End = "-->";

    public static IEnumerable<Fence> In(string document)
    {
        string[] lines = Repository.Lines(document);
        string given = string.Empty;
        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i].StartsWith(Marker, StringComparison.Ordinal))
            {
                bool before = i + 1 < lines.Length && lines[i + 1].StartsWith("```csharp", StringComparison.Ordinal);
                Assert.True(
                    before && lines[i].EndsWith(End, StringComparison.Ordinal),
                    $"{document}:{i + 1}: a comment of one line, right before a C# fence, declares what a snippet is given.");
                given = lines[i][Marker.Length..^End.Length].Trim();
            }
            else if (lines[i].StartsWith("```", StringComparison.Ordinal))
            {
                int end = Array.FindIndex(lines, i + 1, l => l.TrimEnd() == "```");
                Assert.True(end > 0, $"{document}:{i + 1}: the fence has no end.");
                yield return new(document, i + 2, lines[i][3..].Trim(), given, lines[(i + 1)..end]);
                (i, given) = (end, string.Empty);
            }
        }
    }

    public override string ToString() => $"{Document}:{Line}";
}
