using System.Globalization;
using System.Text;
using MfpClip.Output;

namespace MfpClip.Evaluation.Reports;

/// <summary>Metrics over the number of normal images as SVG: a mark for each mean, a bar of one standard deviation to both sides.</summary>
internal static class ShotPlot
{
    private const double Left = 44, Top = 28, Width = 360, Height = 240, Margin = 20;

    // What a page names; a file of its own has no page around it.
    private const string Style = "<style>:root{--normal:#3b7dd8;--defect:#d9480f;--third:#2b8a3e}text{font:11px system-ui,sans-serif;fill:#586275}"
        + ".t{font-size:12px;font-weight:600;fill:#18202e}.g{stroke:#dfe3ea;fill:none}svg{background:#fff}</style>";

    private static readonly string[] Colors = ["var(--normal)", "var(--defect)", "var(--third)"];

    /// <summary>The plot as a file of its own.</summary>
    public static string File(ShotSeries series)
    {
        string svg = Svg(series);
        return svg.Insert(svg.IndexOf('>', StringComparison.Ordinal) + 1, Style) + "\n";
    }

    /// <summary>The plot inside a page.</summary>
    public static string Svg(ShotSeries series)
    {
        var curves = ShotSeries.Metrics.Select((m, k) => (m.Title, Color: Colors[k], Points: series.Steps.Select((s, i) => (i, Value: s.Runs.Summarise(m.Get)))
            .Where(p => p.Value.Mean is not null).Select(p => (At: p.i, Mean: p.Value.Mean!.Value, Deviation: p.Value.Deviation ?? 0)).ToList()))
            .Where(c => c.Points.Count > 0).ToList();
        double least = curves.SelectMany(c => c.Points).Select(p => p.Mean - p.Deviation).DefaultIfEmpty(0).Min();
        double low = Math.Clamp(Math.Floor((least - 0.02) * 20) / 20, 0, 0.95), step = 1 - low > 0.3 ? 0.1 : 0.05;
        double Y(double v) => Top + ((1 - ((Math.Clamp(v, low, 1) - low) / (1 - low))) * Height);
        double X(double at) => series.Steps.Count == 1 ? Left + (Width / 2) : Left + Margin + (at / (series.Steps.Count - 1) * (Width - (2 * Margin)));
        string title = $"{series.Method}: over the number of normal images";
        var svg = new StringBuilder($"<svg viewBox=\"0 0 420 340\" role=\"img\" aria-label=\"{HtmlPage.Encode(title)}\" xmlns=\"http://www.w3.org/2000/svg\">"
            + $"<text x=\"{N(Left)}\" y=\"16\" class=\"t\">{HtmlPage.Encode(title)}</text>");
        for (double v = Math.Ceiling((low / step) - 1e-9) * step; v < 1 + 1e-9; v += step)
        {
            svg.Append($"<path class=\"g\" d=\"M{N(Left)} {N(Y(v))}H{N(Left + Width)}\"/><text x=\"{N(Left - 5)}\" y=\"{N(Y(v) + 4)}\" "
                + $"text-anchor=\"end\">{N(100 * v)}</text>");
        }

        for (int i = 0; i < series.Steps.Count; i++)
        {
            svg.Append($"<path class=\"g\" d=\"M{N(X(i))} {N(Top)}V{N(Top + Height)}\"/><text x=\"{N(X(i))}\" y=\"{N(Top + Height + 14)}\" "
                + $"text-anchor=\"middle\">{HtmlPage.Encode(series.Steps[i].Shots)}</text>");
        }

        svg.Append($"<text x=\"{N(Left + (Width / 2))}\" y=\"{N(Top + Height + 30)}\" text-anchor=\"middle\">normal images</text>");
        foreach (var ((name, color, points), k) in curves.Select((c, k) => (c, k)))
        {
            svg.Append($"<path fill=\"none\" style=\"stroke:{color}\" stroke-width=\"1.8\" d=\"M")
                .AppendJoin('L', points.Select(p => $"{N(X(p.At))} {N(Y(p.Mean))}")).Append("\"/>");
            foreach (var (at, mean, deviation) in points)
            {
                // Bars of several metrics stand beside each other.
                double x = X(at) + (3 * (k - 1));
                svg.Append($"<circle cx=\"{N(X(at))}\" cy=\"{N(Y(mean))}\" r=\"3\" style=\"fill:{color}\"/>");
                svg.Append(deviation > 0 ? $"<path fill=\"none\" style=\"stroke:{color}\" d=\"M{N(x)} {N(Y(mean - deviation))}"
                    + $"V{N(Y(mean + deviation))}M{N(x - 3)} {N(Y(mean - deviation))}h6M{N(x - 3)} {N(Y(mean + deviation))}h6\"/>" : string.Empty);
            }

            svg.Append($"<text x=\"{N(Left + (k * 120))}\" y=\"{N(Top + Height + 50)}\" style=\"fill:{color};font-weight:600\">{HtmlPage.Encode(name)}</text>");
        }

        return svg.Append("</svg>").ToString();
    }

    private static string N(double v) => v.ToString("0.##", CultureInfo.InvariantCulture);
}
