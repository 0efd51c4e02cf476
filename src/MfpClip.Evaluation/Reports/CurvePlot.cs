using System.Globalization;
using System.Text;
using MfpClip.Evaluation.Metrics;
using MfpClip.Output;

namespace MfpClip.Evaluation.Reports;

/// <summary>Curves in the unit square as SVG: sharp at any size, and no fonts are needed where it is drawn.</summary>
internal static class CurvePlot
{
    private const double Left = 44, Top = 28, Width = 250, Height = 220;

    /// <summary>Draws curves over one another.</summary>
    /// <param name="title">Above.</param>
    /// <param name="x">Name of the horizontal axis.</param>
    /// <param name="y">Name of the vertical axis.</param>
    /// <param name="curves">Name, colour and points; a curve without points is left out.</param>
    /// <param name="limit">Where an integral ends; a dashed line.</param>
    public static string Svg(
        string title, string x, string y, IReadOnlyList<(string Name, string Color, IReadOnlyList<CurvePoint> Points)> curves, double? limit = null)
    {
        var svg = new StringBuilder($"<svg viewBox=\"0 0 320 300\" role=\"img\" aria-label=\"{HtmlPage.Encode(title)}\" "
            + $"xmlns=\"http://www.w3.org/2000/svg\"><text x=\"{N(Left)}\" y=\"16\" class=\"t\">{HtmlPage.Encode(title)}</text>");
        for (int i = 0; i <= 5; i++)
        {
            double v = i / 5.0;
            svg.Append($"<path class=\"g\" d=\"M{X(v)} {Y(0)}V{Y(1)}M{X(0)} {Y(v)}H{X(1)}\"/>");
            svg.Append($"<text x=\"{X(v)}\" y=\"{N(Top + Height + 14)}\" text-anchor=\"middle\">{N(v)}</text><text x=\"{N(Left - 5)}\" "
                + $"y=\"{N(Top + ((1 - v) * Height) + 4)}\" text-anchor=\"end\">{N(v)}</text>");
        }

        svg.Append($"<text x=\"{N(Left + (Width / 2))}\" y=\"{N(Top + Height + 30)}\" text-anchor=\"middle\">{HtmlPage.Encode(x)}</text>");
        svg.Append($"<text transform=\"rotate(-90 12 {N(Top + (Height / 2))})\" x=\"12\" y=\"{N(Top + (Height / 2))}\" "
            + $"text-anchor=\"middle\">{HtmlPage.Encode(y)}</text>");
        if (limit is { } l)
        {
            svg.Append($"<path class=\"l\" d=\"M{X(l)} {Y(0)}V{Y(1)}\"/>");
        }

        double legend = Top + Height - 8;
        foreach (var (name, color, points) in curves.Where(c => c.Points.Count > 0).Reverse())
        {
            svg.Append($"<path fill=\"none\" style=\"stroke:{color}\" stroke-width=\"1.8\" d=\"M")
                .AppendJoin('L', points.Select(p => $"{X(p.X)} {Y(p.Y)}")).Append("\"/>");
            svg.Append($"<text x=\"{N(Left + Width - 6)}\" y=\"{N(legend)}\" text-anchor=\"end\" "
                + $"style=\"fill:{color};font-weight:600\">{HtmlPage.Encode(name)}</text>");
            legend -= 14;
        }

        return svg.Append("</svg>").ToString();
    }

    private static string X(double v) => N(Left + (Math.Clamp(v, 0, 1) * Width));

    private static string Y(double v) => N(Top + ((1 - Math.Clamp(v, 0, 1)) * Height));

    private static string N(double v) => v.ToString("0.##", CultureInfo.InvariantCulture);
}
