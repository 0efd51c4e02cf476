using System.Globalization;
using System.Text;
using MfpClip.Output;

namespace MfpClip.Evaluation.SmallDefects;

/// <summary>Recall over the size of defects as SVG.</summary>
internal static class RecallPlot
{
    private const double Left = 44, Top = 28, Width = 300, Height = 220, Margin = 20, Pitch = 380;

    private const string Style = "<style>text{font:11px system-ui,sans-serif;fill:#586275}.t{font-size:12px;font-weight:600;fill:#18202e}"
        + ".g{stroke:#dfe3ea;fill:none}svg{background:#fff}</style>";

    private static readonly string[] Colors = ["#d9480f", "#3b7dd8", "#2b8a3e", "#9c36b5", "#e8a200", "#0b7285", "#868e96", "#c2255c"];

    public static string Svg(IReadOnlyList<SmallDefectFigures> figures)
    {
        var plots = figures.GroupBy(f => (f.Width, f.Height)).Select(g => g.ToList()).ToList();
        var names = figures.Select(f => f.Line).Distinct().ToList();
        double height = Top + Height + 46 + (16 * names.Count);
        var svg = new StringBuilder($"<svg viewBox=\"0 0 {N(Pitch * Math.Max(plots.Count, 1))} {N(height)}\" role=\"img\" "
            + $"aria-label=\"Recall over the size of defects\" xmlns=\"http://www.w3.org/2000/svg\">{Style}");
        for (int k = 0; k < plots.Count; k++)
        {
            svg.Append($"<g transform=\"translate({N(k * Pitch)} 0)\">");
            Plot(svg, plots[k], names);
            svg.Append("</g>");
        }

        foreach (var (name, i) in names.Select((n, i) => (n, i)))
        {
            svg.Append($"<text x=\"{N(Left)}\" y=\"{N(Top + Height + 50 + (16 * i))}\" style=\"fill:{Colors[i % Colors.Length]};font-weight:600\">"
                + $"{HtmlPage.Encode(name)}</text>");
        }

        return svg.Append("</svg>\n").ToString();
    }

    private static void Plot(StringBuilder svg, List<SmallDefectFigures> rows, List<string> names)
    {
        int[] sizes = [.. rows.SelectMany(r => r.Recall.Sizes).Select(s => s.Size).Distinct().Order()];
        double X(int size) => sizes.Length < 2 ? Left + (Width / 2)
            : Left + Margin + ((double)Array.IndexOf(sizes, size) / (sizes.Length - 1) * (Width - (2 * Margin)));
        double Y(double v) => Top + ((1 - v) * Height);
        string title = FormattableString.Invariant($"Recall at one false region a picture, {rows[0].Megapixels:0.#} megapixels");
        svg.Append($"<text x=\"{N(Left)}\" y=\"16\" class=\"t\">{HtmlPage.Encode(title)}</text>");
        for (int i = 0; i <= 5; i++)
        {
            svg.Append($"<path class=\"g\" d=\"M{N(Left)} {N(Y(i / 5.0))}h{N(Width)}\"/><text x=\"{N(Left - 5)}\" y=\"{N(Y(i / 5.0) + 4)}\" "
                + $"text-anchor=\"end\">{N(20 * i)}</text>");
        }

        foreach (int size in sizes)
        {
            svg.Append($"<path class=\"g\" d=\"M{N(X(size))} {N(Top)}v{N(Height)}\"/><text x=\"{N(X(size))}\" y=\"{N(Top + Height + 14)}\" "
                + $"text-anchor=\"middle\">{N(size)}</text>");
        }

        svg.Append($"<text x=\"{N(Left + (Width / 2))}\" y=\"{N(Top + Height + 30)}\" text-anchor=\"middle\">longer side of the defect in pixels</text>");
        foreach (var row in rows.Where(r => r.Recall.Sizes.Count > 0))
        {
            string color = Colors[names.IndexOf(row.Line) % Colors.Length];
            svg.Append($"<path fill=\"none\" style=\"stroke:{color}\" stroke-width=\"1.8\" d=\"M")
                .AppendJoin('L', row.Recall.Sizes.Select(s => $"{N(X(s.Size))} {N(Y(s.Recall))}")).Append("\"/>");
            foreach (var s in row.Recall.Sizes)
            {
                svg.Append($"<circle cx=\"{N(X(s.Size))}\" cy=\"{N(Y(s.Recall))}\" r=\"3\" style=\"fill:{color}\"/>");
            }
        }
    }

    private static string N(double v) => v.ToString("0.##", CultureInfo.InvariantCulture);
}
