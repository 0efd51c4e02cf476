using System.Text;

namespace MfpClip.Output;

/// <summary>A table of text, shown as Markdown or HTML.</summary>
/// <param name="Title">Heading.</param>
/// <param name="Columns">Heads; the first column names the row.</param>
/// <param name="Rows">Cells.</param>
internal sealed record ReportTable(string Title, IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string>> Rows)
{
    /// <summary>Rules of a page's style for tables.</summary>
    public const string Style = """
        .scroll{overflow-x:auto;max-width:100%}
        .scroll table{font-variant-numeric:tabular-nums;font-size:.88rem}
        .scroll td,.scroll th{text-align:right;padding:.35rem .7rem;border-bottom:1px solid var(--line);white-space:nowrap}
        .scroll thead th{color:var(--soft);font-weight:600;vertical-align:bottom}
        .scroll td:first-child,.scroll th:first-child{text-align:left;position:sticky;left:0;background:var(--card);max-width:22rem;overflow-wrap:break-word}
        .scroll tbody th{font-weight:400}.scroll .total th,.scroll .total td{font-weight:700;border-top:2px solid var(--bar)}
        .note{color:var(--soft);font-size:.85rem;margin:.5rem 0 0}
        @media(max-width:40rem){.scroll td:first-child,.scroll th:first-child{min-width:6rem;max-width:9rem;white-space:normal}}

        """;

    /// <summary>Whether the last row is a sum or mean, and set off.</summary>
    public bool Total { get; init; }

    /// <summary>Sentences below.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <param name="level">Number of the heading's signs.</param>
    /// <param name="numbersRight">Whether all columns but the first stand at the right.</param>
    public string ToMarkdown(int level = 3, bool numbersRight = true)
    {
        var text = new StringBuilder().Append('#', level).Append($" {Title}\n\n");
        Markdown(text, Columns, Rows.Select(r => r.Select(c => Total && r == Rows[^1] ? $"**{Cell(c)}**" : Cell(c))), numbersRight);
        foreach (string note in Notes)
        {
            text.Append('\n').Append(note).Append('\n');
        }

        return text.ToString();
    }

    public string ToHtml()
    {
        var html = new StringBuilder($"<section><h2>{HtmlPage.Encode(Title)}</h2><div class=\"scroll\" tabindex=\"0\"><table><thead><tr>");
        html.AppendJoin(string.Empty, Columns.Select(c => $"<th>{HtmlPage.Encode(c)}</th>")).Append("</tr></thead><tbody>");
        foreach (var row in Rows)
        {
            html.Append(Total && row == Rows[^1] ? "<tr class=\"total\">" : "<tr>");
            html.AppendJoin(string.Empty, row.Select((c, i) => i == 0 ? $"<th>{HtmlPage.Encode(c)}</th>" : $"<td>{HtmlPage.Encode(c)}</td>")).Append("</tr>");
        }

        html.Append("</tbody></table></div>");
        html.AppendJoin(string.Empty, Notes.Select(n => $"<p class=\"note\">{HtmlPage.Encode(n)}</p>"));
        return html.Append("</section>\n").ToString();
    }

    private static void Markdown(StringBuilder text, IReadOnlyList<string> columns, IEnumerable<IEnumerable<string>> rows, bool numbersRight)
    {
        text.Append("| ").AppendJoin(" | ", columns.Select(Cell)).Append(" |\n| --- |");
        text.Insert(text.Length, numbersRight ? " ---: |" : " --- |", columns.Count - 1).Append('\n');
        foreach (var row in rows)
        {
            text.Append("| ").AppendJoin(" | ", row).Append(" |\n");
        }
    }

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
