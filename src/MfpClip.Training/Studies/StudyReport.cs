using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using MfpClip.Files;
using MfpClip.Output;

namespace MfpClip.Training.Studies;

/// <summary>What the reports of ablations and comparisons have in common.</summary>
internal static class StudyReport
{
    private const string Style = "h2{font-size:1.1rem;margin:0 0 .5rem}";

    private static readonly JsonSerializerOptions Json = new()
    {
        TypeInfoResolver = ReflectedJson.Resolver, WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) }, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>For programs: indented, names in snake case.</summary>
    public static void WriteJson(string path, object result) => AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, result, Json));

    /// <summary>A report with its heading, notice, list of what must be known, and tables.</summary>
    public static StringBuilder Markdown(string title, string? notice, IEnumerable<string> about, IEnumerable<ReportTable> tables)
    {
        var text = new StringBuilder($"# {title}\n\n").Append(notice is null ? string.Empty : $"> **{notice}**\n\n");
        text.AppendJoin(string.Empty, about.Select(l => $"- {l}\n"));
        return text.AppendJoin(string.Empty, tables.Select(t => $"\n{t.ToMarkdown(level: 2, numbersRight: false)}"));
    }

    /// <summary>The recipes of the first seed's detectors, folded, to be saved and run again with <c>--recipe</c>.</summary>
    /// <param name="recipes">Name of the row and its recipe.</param>
    public static string RecipesHtml(IEnumerable<(string Name, string? Recipe)> recipes)
    {
        string all = string.Concat(recipes.Where(r => r.Recipe is not null).Select(r =>
            $"<details><summary>{HtmlPage.Encode(r.Name)}</summary><pre class=recipe>{HtmlPage.Encode(r.Recipe!)}</pre></details>"));
        return all.Length == 0 ? string.Empty : $"<section><h2>Recipes of the detectors, first seed</h2>{all}</section>";
    }

    /// <summary>The page up to its heading and notice.</summary>
    public static string StartHtml(string title, string? notice, string style) =>
        $"{HtmlPage.Start(title, 80, ReportTable.Style + Style + style)}<h1>{HtmlPage.Encode(title)}</h1>\n{HtmlPage.Notice(notice)}";
}
