using System.Globalization;
using System.Text;

namespace MfpClip.Output;

/// <summary>A group of scores in a histogram.</summary>
/// <param name="Name">In the legend.</param>
/// <param name="Color">A CSS colour.</param>
/// <param name="Values">Finite scores.</param>
internal sealed record ScoreSeries(string Name, string Color, IReadOnlyList<double> Values);

/// <summary>Histograms of scores as SVG, one above the other on one axis, with a dashed line at the threshold.</summary>
internal static class ScoreHistogram
{
    private const int Bins = 30;
    private const double Left = 36, Width = 330, Right = 16, Top = 54, Height = 120, Gap = 30;

    /// <summary>Draws panels that share their axis of scores.</summary>
    /// <param name="title">Above, and what a screen reader says.</param>
    /// <param name="panels">From the top; the series of a panel are stacked.</param>
    /// <param name="threshold">Score of the line; <see langword="null"/>: no line.</param>
    /// <param name="label">At the line.</param>
    public static string Svg(string title, IReadOnlyList<IReadOnlyList<ScoreSeries>> panels, double? threshold, string label = "threshold")
    {
        double[] values = [.. panels.SelectMany(p => p).SelectMany(s => s.Values), .. threshold is { } t ? new[] { t } : []];
        var (low, high, step) = Axis(values.Length == 0 ? 0 : values.Min(), values.Length == 0 ? 1 : values.Max());
        double X(double v) => Left + (Math.Clamp((v - low) / (high - low), 0, 1) * Width);
        double total = Top + (panels.Count * Height) + ((panels.Count - 1) * Gap) + 34;
        var svg = new StringBuilder($"<svg viewBox=\"0 0 {N(Left + Width + Right)} {N(total)}\" role=\"img\" aria-label=\"{HtmlPage.Encode(title)}\" "
            + $"xmlns=\"http://www.w3.org/2000/svg\"><text x=\"0\" y=\"11\" class=\"t\">{HtmlPage.Encode(title)}</text>");
        for (int p = 0; p < panels.Count; p++)
        {
            Panel(svg, panels[p], Top + (p * (Height + Gap)), low, high);
        }

        double bottom = Top + (panels.Count * Height) + ((panels.Count - 1) * Gap);
        for (int i = 0; low + (i * step) <= high + (step / 1000); i++)
        {
            double v = low + (i * step);
            svg.Append($"<text x=\"{N(X(v))}\" y=\"{N(bottom + 14)}\" text-anchor=\"middle\">{v.ToString("0.#####", CultureInfo.InvariantCulture)}</text>");
        }

        svg.Append($"<text x=\"{N(Left + (Width / 2))}\" y=\"{N(bottom + 29)}\" text-anchor=\"middle\">score</text>");
        if (threshold is { } line)
        {
            string text = $"{label} {line.ToString("0.###", CultureInfo.InvariantCulture)}";
            svg.Append($"<path class=\"l\" d=\"M{N(X(line))} {N(Top - 20)}V{N(bottom)}\"/><text class=\"lt\" "
                + $"x=\"{N(Math.Clamp(X(line), 50, Left + Width - 50))}\" "
                + $"y=\"{N(Top - 23)}\" text-anchor=\"middle\">{HtmlPage.Encode(text)}</text>");
        }

        return svg.Append("</svg>").ToString();
    }

    /// <summary>How many values fall into each bin of an axis; the last bin holds its upper end.</summary>
    internal static int[] Count(IEnumerable<double> values, double low, double high)
    {
        var counts = new int[Bins];
        foreach (double v in values)
        {
            counts[Math.Clamp((int)((v - low) / (high - low) * Bins), 0, Bins - 1)]++;
        }

        return counts;
    }

    /// <summary>Round ends and steps of an axis that holds a range.</summary>
    internal static (double Low, double High, double Step) Axis(double low, double high)
    {
        double span = Math.Max(high - low, 1e-3), magnitude = Math.Pow(10, Math.Floor(Math.Log10(span / 5)));
        double step = magnitude * (span / 5 / magnitude) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 };
        double from = Math.Floor(low / step) * step, to = Math.Ceiling(high / step) * step;
        return (from, to > from ? to : from + step, step);
    }

    private static void Panel(StringBuilder svg, IReadOnlyList<ScoreSeries> series, double top, double low, double high)
    {
        int[][] counts = [.. series.Select(s => Count(s.Values, low, high))];
        int highest = Math.Max(1, Enumerable.Range(0, Bins).Max(b => counts.Sum(c => c[b])));
        double bottom = top + Height, unit = Height / highest, width = Width / Bins;
        svg.Append($"<path class=\"g\" d=\"M{N(Left)} {N(bottom)}h{N(Width)}M{N(Left)} {N(bottom - (highest * unit))}h{N(Width)}\"/>")
            .Append($"<text x=\"{N(Left - 5)}\" y=\"{N(bottom - (highest * unit) + 4)}\" text-anchor=\"end\">{highest}</text>")
            .Append($"<text x=\"{N(Left - 5)}\" y=\"{N(bottom + 4)}\" text-anchor=\"end\">0</text>");
        double legend = Left;
        for (int s = 0; s < series.Count; s++)
        {
            string name = $"{series[s].Name} ({series[s].Values.Count})";
            svg.Append($"<text x=\"{N(legend)}\" y=\"{N(top - 8)}\" style=\"fill:{series[s].Color};font-weight:600\">"
                + $"{HtmlPage.Encode(name)}</text>");
            legend += (name.Length * 6.2) + 12;
        }

        for (int b = 0; b < Bins; b++)
        {
            double y = bottom;
            for (int s = 0; s < series.Count; s++)
            {
                double height = counts[s][b] * unit;
                y -= height;
                if (height > 0)
                {
                    string range = $"{F(low + ((high - low) * b / Bins))} to {F(low + ((high - low) * (b + 1) / Bins))}";
                    svg.Append($"<rect x=\"{N(Left + (b * width) + 0.5)}\" y=\"{N(y)}\" width=\"{N(width - 1)}\" height=\"{N(height)}\" "
                        + $"style=\"fill:{series[s].Color}\"><title>{HtmlPage.Encode(series[s].Name)}, {range}: {counts[s][b]}</title></rect>");
                }
            }
        }
    }

    private static string F(double v) => v.ToString("0.###", CultureInfo.InvariantCulture);

    private static string N(double v) => v.ToString("0.##", CultureInfo.InvariantCulture);
}
