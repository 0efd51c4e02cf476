using System.Text.RegularExpressions;

namespace MfpClip.Docs.Tests;

/// <summary>The Chinese README says the same as the English one, as far as a test can tell: same headings, code, tables and links.</summary>
public partial class TranslationTests
{
    public const string Original = "README.md", Translation = "README.zh-CN.md";

    [Fact]
    public void Headings_have_the_same_number_and_levels() => Assert.Equal(Levels(Original), Levels(Translation));

    [Fact]
    public void Code_blocks_are_equal()
    {
        Assert.Equal(Code(Original), Code(Translation));

        static IEnumerable<(string, string, string)> Code(string document) =>
            Fence.In(document).Select(f => (f.Language, f.Given, string.Join('\n', f.Text)));
    }

    [Fact]
    public void Tables_have_the_same_rows_and_columns() => Assert.Equal(Columns(Original), Columns(Translation));

    [Fact]
    public void Links_lead_to_the_same_places()
    {
        string[] each = [Original, Translation]; // they link to one another

        Assert.Equal(Links(Original).Except(each), Links(Translation).Except(each));
        Assert.Contains(Translation, Links(Original));
        Assert.Contains(Original, Links(Translation));
    }

    private static IEnumerable<int> Levels(string document)
    {
        var fences = Fence.In(document).ToList();
        return Repository.Lines(document).Where((l, i) => l.StartsWith('#') && !fences.Any(f => i + 1 >= f.Line && i + 1 <= f.Line + f.Text.Count))
            .Select(l => l.TakeWhile(c => c == '#').Count());
    }

    private static IEnumerable<int> Columns(string document) =>
        Repository.Lines(document).Where(l => l.StartsWith('|')).Select(l => l.Count(c => c == '|'));

    private static List<string> Links(string document) =>
        [.. Link().Matches(string.Join('\n', Repository.Lines(document))).Select(m => m.Groups["to"].Value).Order(StringComparer.Ordinal)];

    [GeneratedRegex(@"\]\((?<to>[^)\s]+)\)")]
    private static partial Regex Link();
}
