using System.Globalization;
using System.Text;

namespace MfpClip.Output;

/// <summary>The page of a <see cref="HtmlReport"/>: what was counted first, then the images, those with the highest scores first.</summary>
internal sealed class DetectionPage(DetectorDescription detector, string? notice, IReadOnlyList<string> notices, IReadOnlyList<ReportEntry> entries,
    IReadOnlyList<ReportFailure> failures, IReadOnlyList<MapImageOptions> colors, DateTimeOffset written)
{
    private readonly int _anomalous = entries.Count(e => e.IsAnomalous == true), _normal = entries.Count(e => e.IsAnomalous == false);

    private int Undecided => entries.Count - _anomalous - _normal;

    /// <summary>Writes the page.</summary>
    /// <param name="page">Where to.</param>
    /// <param name="items">The parts of the images, as <see cref="ReportEntry.Start"/> finds them.</param>
    public void Write(Stream page, Stream items)
    {
        Text(page, HtmlPage.Start("Detection report", 72, ReportTable.Style + MapLegend.Style + DetectionPageParts.Style));
        Text(page, $"<header><h1>Detection report</h1><p class=\"soft\">{HtmlPage.Encode(detector.Method)} · {Date("yyyy-MM-dd HH:mm zzz")}"
            + "</p></header>\n");
        Text(page, HtmlPage.Notice(notice) + string.Concat(notices.Select(HtmlPage.Notice)) + Tiles() + Summary() + Failures());
        if (entries.Count > 0)
        {
            Text(page, DetectionPageParts.Controls(_anomalous, _normal, Undecided));
            Text(page, "<main id=\"items\">\n");
            var names = DistinctNames.Of([.. entries.Select(e => e.Name)]);
            foreach (int i in Enumerable.Range(0, entries.Count).OrderByDescending(i => entries[i].Score).ThenBy(i => names[i], StringComparer.Ordinal))
            {
                Text(page, Head(entries[i], names[i], i));
                Copy(items, page, entries[i]);
                Text(page, "</article>\n");
            }

            Text(page, "</main><p id=\"none\" class=\"soft\" hidden=\"\">No image fits the filter.</p>\n");
        }

        Text(page, $"{Detector()}<footer class=\"soft\">MfpClip {HtmlPage.Encode(detector.LibraryVersion)}. A score says how unlike a normal part an "
            + $"image is; it "
            + $"is not a probability.</footer>{DetectionPageParts.Script}{HtmlPage.End}");
    }

    private static void Text(Stream page, string text) => page.Write(Encoding.UTF8.GetBytes(text));

    private static void Copy(Stream items, Stream page, ReportEntry entry)
    {
        byte[] part = new byte[entry.Length];
        items.Position = entry.Start;
        items.ReadExactly(part);
        page.Write(part);
    }

    private string Tiles()
    {
        string Tile(string name, int count, string kind) => $"<div class=\"tile {kind}\"><dt>{name}</dt><dd>{count}</dd></div>";
        return $"<dl class=\"tiles\">{Tile("images", entries.Count + failures.Count, string.Empty)}"
            + Tile("anomalous", _anomalous, _anomalous > 0 ? "bad" : "off")
            + $"{Tile("normal", _normal, _normal > 0 ? "good" : "off")}{Tile("undecided", Undecided, Undecided > 0 ? string.Empty : "off")}"
            + $"{Tile("failed", failures.Count, failures.Count > 0 ? "warn" : "off")}</dl>\n";
    }

    private string Summary()
    {
        double? threshold = One(entries.Select(e => e.Threshold));
        ScoreSeries Series(string name, string color, bool? decision) =>
            new(name, color, [.. entries.Where(e => e.IsAnomalous == decision && float.IsFinite(e.Score)).Select(e => (double)e.Score)]);
        ScoreSeries[] series = [Series("normal", "var(--good)", false), Series("anomalous", "var(--bad)", true), Series("undecided", "var(--bar)", null)];
        string histogram = entries.Count == 0 ? string.Empty
            : $"<div class=\"plot\">{ScoreHistogram.Svg("Scores of the images", [[.. series.Where(s => s.Values.Count > 0)]], threshold)}</div>";
        var facts = new List<(string Name, string Value)>
        {
            ("image threshold", threshold is { } t ? $"{F(t)}: an image with this score or more is anomalous"
                : Undecided == entries.Count ? "none: without a calibration nothing is decided ('mfpclip calibrate' makes one)" : "differs between images"),
            ("pixel threshold", One(entries.Select(e => (float?)e.PixelThreshold)) is { } p ? $"{F(p)}: pixels with this value or more make up the regions"
                : "differs between images"),
            ("class", string.Join(", ", entries.Select(e => e.ClassName).Distinct().Take(5))),
            ("method", detector.Method),
            ("model", string.Join(", ", detector.Stages.SelectMany(s => s.Weights).Select(w => w.Source).Distinct()) is { Length: > 0 } w ? w : "no weights"),
            ("input", $"{detector.ImageSize} px, {detector.Precision}, {detector.Device}"),
            ("written", Date("yyyy-MM-dd HH:mm:ss zzz")),
        };
        var html = new StringBuilder("<section class=\"summary\">").Append(histogram).Append("<div class=\"about\"><table class=\"pairs\">");
        html.AppendJoin(string.Empty, facts.Where(f => f.Value.Length > 0).Select(f => $"<tr><th>{f.Name}</th><td>{HtmlPage.Encode(f.Value)}</td></tr>"));
        html.Append("</table>").AppendJoin(string.Empty, colors.Select(c =>
            $"<h3>Colours of the anomaly map</h3>{MapLegend.Html(c, One(entries.Select(e => (float?)e.PixelThreshold)))}"));
        html.Append(colors.Any(c => c.DrawRegions) ? "<p class=\"soft\">White boxes: defect regions.</p>" : string.Empty);
        return html.Append("</div></section>\n").ToString();
    }

    private string Failures()
    {
        if (failures.Count == 0)
        {
            return string.Empty;
        }

        var names = DistinctNames.Of([.. failures.Select(f => f.Name)]);
        string Row(ReportFailure f, int i) => $"<tr><th title=\"{HtmlPage.Encode(f.Name)}\"><bdi>{HtmlPage.Encode(names[i])}</bdi></th>"
            + $"<td>{HtmlPage.Encode(f.Reason)}</td></tr>";
        return $"<section class=\"failures\"><h2>{failures.Count} without a result</h2><div class=\"scroll\" tabindex=\"0\"><table><thead><tr>"
            + $"<th>image</th><th>reason</th></tr>"
            + $"</thead><tbody>{string.Concat(failures.Select(Row))}</tbody></table></div></section>\n";
    }

    private static string Head(ReportEntry e, string name, int order)
    {
        var (kind, decision) = e.IsAnomalous switch { true => ("bad", "anomalous"), false => ("good", "normal"), _ => ("none", "undecided") };
        int slash = name.LastIndexOf('/');
        string folder = slash < 0 ? string.Empty : $"<span class=\"soft\">{HtmlPage.Encode(name[..(slash + 1)])}</span>";
        string score = float.IsFinite(e.Score) ? e.Score.ToString("0.####", CultureInfo.InvariantCulture) : "not a number";
        string mark = e.Threshold is { } t and >= 0 and <= 1 ? $"<i style=\"left:{F(100 * t)}%\" title=\"threshold {F(t)}\"></i>" : string.Empty;
        string calibrated = e.CalibratedScore is { } c ? $" <span class=\"soft\">calibrated {F(c)}</span>" : string.Empty;
        string length = F(100 * Math.Clamp(float.IsFinite(e.Score) ? e.Score : 0, 0, 1));
        return $"<article class=\"item {kind}\" data-order=\"{order}\" data-score=\"{e.Score.ToString("R", CultureInfo.InvariantCulture)}\" "
            + $"data-name=\"{HtmlPage.Encode(name)}\"><div class=\"head\"><h2 title=\"{HtmlPage.Encode(e.Name)}\">"
            + $"<bdi>{folder}{HtmlPage.Encode(name[(slash + 1)..])}</bdi></h2>"
            + $"<span class=\"badge\">{decision}</span></div><div class=\"score\"><b>{score}</b>{calibrated}<span class=\"meter\"><span "
            + $"style=\"width:{length}%\"></span>{mark}"
            + $"</span><span class=\"soft\">{e.Regions} region{(e.Regions == 1 ? string.Empty : "s")}</span></div>";
    }

    private string Detector()
    {
        var html = new StringBuilder("<section><details><summary>Detector: stages, weights and recipe</summary>");
        html.Append($"<p class=\"soft\">{HtmlPage.Encode(detector.Method)}, weights {HtmlPage.Encode(detector.WeightsHash)}</p>");
        html.Append("<div class=\"scroll\" tabindex=\"0\"><table class=\"stages\"><thead><tr><th>stage</th><th>component</th><th>options</th>"
            + "<th>weights</th></tr></thead><tbody>");
        foreach (var stage in detector.Stages)
        {
            string options = string.Join(", ", stage.Options.Select(o => $"{o.Key}={o.Value}"));
            string weights = string.Join(", ", stage.Weights.Select(w => $"{w.Source} {w.Sha256[..Math.Min(12, w.Sha256.Length)]}"));
            html.Append($"<tr><th>{HtmlPage.Encode(stage.Stage)}</th><td>{HtmlPage.Encode(stage.Component)}</td>");
            html.Append($"<td>{HtmlPage.Encode(options)}</td><td>{HtmlPage.Encode(weights)}</td></tr>");
        }

        html.Append("</tbody></table></div>");
        html.Append(detector.Recipe is { } recipe ? $"<p>Recipe, to build this detector again:</p><pre class=\"recipe\">{HtmlPage.Encode(recipe)}"
            + $"</pre>" : string.Empty);
        return html.Append("</details></section>\n").ToString();
    }

    // The value that all have.
    private static double? One(IEnumerable<float?> values) => values.Distinct().ToList() is [{ } one] ? one : null;

    private string Date(string format) => written.ToString(format, CultureInfo.InvariantCulture);

    private static string F(double v) => v.ToString("0.####", CultureInfo.InvariantCulture);
}
