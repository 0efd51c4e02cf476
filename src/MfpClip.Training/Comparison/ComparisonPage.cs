using System.Globalization;
using System.Text;
using MfpClip.Output;
using MfpClip.Training.Ablation;
using MfpClip.Training.Studies;

namespace MfpClip.Training.Comparison;

/// <summary>The HTML page of a comparison: bars with their deviations, then the tables. One file, nothing from outside.</summary>
internal static class ComparisonPage
{
    private const int Width = 720, Label = 130, Bar = 16, Gap = 14;

    public static string Html(ComparisonResult result, IReadOnlyList<ReportTable> tables, IReadOnlyList<string> about)
    {
        var html = new StringBuilder(StudyReport.StartHtml("Comparison of methods", result.Notice, "svg text{font:13px system-ui,sans-serif;fill:var(--ink)}"));
        html.Append($"<section><h2>Mean over the categories, percent; the line is 50, chance</h2>{Bars(result)}</section>");
        html.AppendJoin(string.Empty, tables.Select(t => t.ToHtml()));
        html.Append(StudyReport.RecipesHtml(result.Methods.SelectMany(m => m.Runs.Take(1).Select(r => (m.Method.Name, r.DetectorRecipe)))));
        return html.Append($"<section><h2>How it was made</h2>{HtmlPage.List(about)}</section>{HtmlPage.End}").ToString();
    }

    // Two bars a method, image AUROC above pixel AUROC, from 0 to 100 percent.
    private static string Bars(ComparisonResult result)
    {
        var svg = new StringBuilder();
        int y = 4;
        foreach (var method in result.Methods)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"0\" y=\"{y + Bar + 5}\">{HtmlPage.Encode(method.Method.Name)}</text>");
            y = One(svg, y, "#2b6cb0", "I", method.Runs.Count == 0 ? null : method.Of("image_auroc"));
            y = One(svg, y, "#dd6b20", "P", method.Runs.Count == 0 ? null : method.Of("pixel_auroc")) + Gap;
        }

        double half = Label + ((Width - Label - 110) / 2.0);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"<svg role=\"img\" aria-label=\"AUROC of each method\" width=\"{Width}\" height=\"{y}\" viewBox=\"0 0 {Width} {y}\">{svg}<line x1=\"{half}\" "
                + $"x2=\"{half}\" y1=\"0\" y2=\"{y - Gap}\" style=\"stroke:var(--ink)\" stroke-dasharray=\"3 3\"/></svg>");
    }

    private static int One(StringBuilder svg, int y, string color, string kind, SeedStatistic? value)
    {
        if (value?.Mean is { } mean)
        {
            double scale = Width - Label - 110, end = Label + (mean * scale);
            svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{Label}\" y=\"{y}\" width=\"{mean * scale:0.#}\" height=\"{Bar}\" fill=\"{color}\"/>");
            if (value.StandardDeviation is { } d)
            {
                svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{end - (d * scale):0.#}\" x2=\"{end + (d * scale):0.#}\" y1=\"{y + (Bar / 2)}\" "
                    + $"y2=\"{y + (Bar / 2)}\" style=\"stroke:var(--ink)\" stroke-width=\"2\"/>");
            }

            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Width - 105}\" y=\"{y + 13}\">{kind} {value.Percent()}</text>");
        }
        else
        {
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Label}\" y=\"{y + 13}\">{kind} n/a</text>");
        }

        return y + Bar + 2;
    }
}
