using System.Text;
using System.Text.RegularExpressions;

namespace MfpClip.Docs.Tests;

/// <summary>A command line of the documentation: in a fence of the language <c>sh</c>, or in the text where it starts with <c>mfpclip</c>.</summary>
/// <param name="Document">The file, from the repository's root.</param>
/// <param name="Line">Its line, from 1.</param>
/// <param name="Words">Its words, variables of the same page filled in.</param>
/// <param name="InText">Whether it stands in the text, where <c>...</c> may end it.</param>
internal sealed partial record DocumentedCommand(string Document, int Line, string[] Words, bool InText)
{
    private const string Cli = "samples/MfpClip.Cli";

    /// <summary>The arguments of <c>mfpclip</c>, or null where it is another program's command.</summary>
    public IReadOnlyList<string>? CliArguments => Words[0] == "mfpclip" ? [.. Words.Skip(1)]
        : Words is ["dotnet", "run", .. var rest] && rest.Contains(Cli) && rest.Contains("--") ? [.. rest.SkipWhile(w => w != "--").Skip(1)]
        : null;

    public override string ToString() => $"{Document}:{Line} {string.Join(' ', Words.Select(w => w.Contains(' ', StringComparison.Ordinal) ? $"\"{w}\"" : w))}";

    public static IEnumerable<DocumentedCommand> In(string document)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        var fences = Fence.In(document).ToList();
        foreach (var fence in fences.Where(f => f.Language == "sh"))
        {
            for (int i = 0; i < fence.Text.Count; i++)
            {
                int line = fence.Line + i;
                var text = new StringBuilder(fence.Text[i]);
                while (text.Length > 0 && text[^1] == '\\')
                {
                    text.Remove(text.Length - 1, 1).Append(fence.Text[++i]);
                }

                string command = Variable().Replace(text.ToString(), m => variables.GetValueOrDefault(m.Value[1..], m.Value));
                if (Assignment().Match(command) is { Success: true } assignment)
                {
                    variables[assignment.Groups["name"].Value] = assignment.Groups["value"].Value;
                }
                else if (Split(command) is { Length: > 0 } words)
                {
                    yield return new(document, line, words, false);
                }
            }
        }

        string[] lines = Repository.Lines(document);
        for (int i = 0; i < lines.Length; i++)
        {
            if (!fences.Any(f => i + 1 >= f.Line && i + 1 <= f.Line + f.Text.Count))
            {
                foreach (Match code in InlineCommand().Matches(lines[i]))
                {
                    yield return new(document, i + 1, Split(code.Groups["command"].Value), true);
                }
            }
        }
    }

    // Words as a shell splits them: blanks, double and single quotes, a comment from # on.
    public static string[] Split(string command)
        => [.. Word().Matches(command).TakeWhile(m => m.Value[0] != '#').Select(m => new string([.. m.Value.Where(c => c is not ('"' or '\''))]))];

    [GeneratedRegex("""(?:"[^"]*"|'[^']*'|[^\s"'])+""")]
    private static partial Regex Word();

    [GeneratedRegex("""^(?<name>[A-Z]+)="?(?<value>[^"$]*)"?$""")]
    private static partial Regex Assignment();

    [GeneratedRegex("[$][A-Z]+")]
    private static partial Regex Variable();

    [GeneratedRegex("`(?<command>mfpclip [^`]+)`")]
    private static partial Regex InlineCommand();
}
