using System.Globalization;
using System.Net;
using System.Text;
using MfpClip.Training.Ablation;

namespace MfpClip.Training.Comparison;

/// <summary>The HTML page of a comparison: bars with their deviations, then the tables. One file, nothing from outside.</summary>
internal static class ComparisonPage
{
    private const int Width = 720, Label = 130, Bar = 16, Gap = 14;

    public static string Html(ComparisonResult result, IReadOnlyList<ReportTable> tables, IReadOnlyList<string> about)
    {
        var html = new StringBuilder("""
            <!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Comparison of methods</title><style>
            body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:80rem;padding:0 1rem;color:#1d2330;background:#f6f7f9}
            section{background:#fff;border-radius:8px;padding:1rem 1.25rem;margin:1rem 0;box-shadow:0 1px 3px #0002;overflow-x:auto}
            h2{font-size:1.1rem;margin:0 0 .5rem}table{border-collapse:collapse}td,th{text-align:right;padding:.25rem .7rem;border-bottom:1px solid #e5e7ec;white-space:nowrap}
            td:first-child,th:first-child{text-align:left}.notice{background:#fff3cd;padding:.75rem 1rem;border-radius:8px}svg text{font:13px system-ui,sans-serif;fill:#1d2330}
            </style></head><body><h1>Comparison of methods</h1>
            """);
        html.Append(result.Notice is null ? string.Empty : $"<p class=notice>{Encode(result.Notice)}</p>");
        html.Append($"<section><h2>Mean over the categories, percent; the line is 50, chance</h2>{Bars(result)}</section>");
        foreach (var (title, headers, rows) in tables)
        {
            html.Append($"<section><h2>{Encode(title)}</h2><table><tr>{string.Concat(headers.Select(h => $"<th>{Encode(h)}</th>"))}</tr>");
            html.Append(string.Concat(rows.Select(r => $"<tr>{string.Concat(r.Select(c => $"<td>{Encode(c)}</td>"))}</tr>")));
            html.Append("</table></section>");
        }

        return html.Append($"<section><h2>How it was made</h2><ul>{string.Concat(about.Select(l => $"<li>{Encode(l)}</li>"))}</ul></section></body></html>\n").ToString();
    }

    // Two bars a method, image AUROC above pixel AUROC, from 0 to 100 percent.
    private static string Bars(ComparisonResult result)
    {
        var svg = new StringBuilder();
        int y = 4;
        foreach (var method in result.Methods)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"0\" y=\"{y + Bar + 5}\">{Encode(method.Method.Name)}</text>");
            y = One(svg, y, "#2b6cb0", "I", method.Runs.Count == 0 ? null : method.Of("image_auroc"));
            y = One(svg, y, "#dd6b20", "P", method.Runs.Count == 0 ? null : method.Of("pixel_auroc")) + Gap;
        }

        double half = Label + ((Width - Label - 110) / 2.0);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"<svg role=\"img\" aria-label=\"AUROC of each method\" width=\"{Width}\" height=\"{y}\" viewBox=\"0 0 {Width} {y}\">{svg}<line x1=\"{half}\" x2=\"{half}\" y1=\"0\" y2=\"{y - Gap}\" stroke=\"#1d2330\" stroke-dasharray=\"3 3\"/></svg>");
    }

    private static int One(StringBuilder svg, int y, string color, string kind, SeedStatistic? value)
    {
        if (value?.Mean is { } mean)
        {
            double scale = Width - Label - 110, end = Label + (mean * scale);
            svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{Label}\" y=\"{y}\" width=\"{mean * scale:0.#}\" height=\"{Bar}\" fill=\"{color}\"/>");
            if (value.StandardDeviation is { } d)
            {
                svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{end - (d * scale):0.#}\" x2=\"{end + (d * scale):0.#}\" y1=\"{y + (Bar / 2)}\" y2=\"{y + (Bar / 2)}\" stroke=\"#1d2330\" stroke-width=\"2\"/>");
            }

            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Width - 105}\" y=\"{y + 13}\">{kind} {ComparisonReport.Percent(value)}</text>");
        }
        else
        {
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Label}\" y=\"{y + 13}\">{kind} n/a</text>");
        }

        return y + Bar + 2;
    }

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}
