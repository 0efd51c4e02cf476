using System.Globalization;
using System.Text;
using System.Text.Json;

namespace MfpClip.Output.Zoom;

/// <summary>
/// The page of a picture that zooms: view, controls, list of regions. Without a script, and on paper, it shows the whole picture with the outlines.
/// </summary>
internal static class ZoomHtml
{
    // A map of noise has thousands.
    private const int MostRegions = 500;

    /// <summary>Corners of all outlines; beyond, regions are drawn as boxes.</summary>
    private const int MostCorners = 100_000;

    /// <param name="page">Where to.</param>
    /// <param name="result">What is shown.</param>
    /// <param name="layers">Photo and map.</param>
    /// <param name="options">Colours of the map.</param>
    public static void Write(Stream page, AnomalyResult result, IReadOnlyList<ZoomLayer> layers, MapImageOptions options)
    {
        using var text = new StreamWriter(page, new UTF8Encoding(false), leaveOpen: true);
        string name = DistinctNames.Of([result.ImageName])[0];
        text.Write(HtmlPage.Start(name, 200, MapLegend.Style + ZoomPageParts.Style));
        text.Write($"<header><div class=\"title\"><h1 title=\"{HtmlPage.Encode(result.ImageName)}\"><bdi>{HtmlPage.Encode(name)}</bdi></h1>");
        text.Write($"{Facts(result)}</div>");
        text.Write(ZoomPageParts.Tools(options.Opacity) + "</header>\n<main>\n");
        string picture = JsonSerializer.Serialize(new
        {
            width = result.ImageWidth, height = result.ImageHeight, tile = ZoomTiles.Side,
            layers = layers.Select(l => new { name = l.Name, levels = l.Levels.Select(v => new[] { v.Width, v.Height }) }),
        });
        string box = $"viewBox=\"0 0 {result.ImageWidth} {result.ImageHeight}\" preserveAspectRatio=\"none\"";
        text.Write($"<div id=\"view\" tabindex=\"0\" role=\"application\" aria-label=\"picture; {ZoomPageParts.Keys}\" ");
        text.Write($"data-picture=\"{HtmlPage.Encode(picture)}\">");
        text.Write($"<svg xmlns=\"http://www.w3.org/2000/svg\" id=\"outlines\" {box}><g id=\"regions\">\n");
        Outlines(text, result);
        text.Write("</g></svg></div>\n");
        string still = $"{layers[0].Name}/{layers[0].Levels.Count - 1}/0_0.jpg";
        text.Write($"<figure class=\"still\"><img alt=\"the whole picture\" src=\"{still}\"/><svg xmlns=\"http://www.w3.org/2000/svg\" {box}>"
            + "<use href=\"#regions\"/></svg></figure>\n<aside>");
        text.Write(string.Concat(result.Notices.Select(n => $"<p class=\"notice\">{HtmlPage.Encode(n)}</p>")));
        Regions(text, result);
        text.Write($"<h2>Anomaly map</h2>{MapLegend.Html(options, result.PixelThreshold)}<p class=\"soft keys\">{ZoomPageParts.Keys}</p></aside></main>\n");
        text.Write($"{ZoomPageParts.Script}{HtmlPage.End}");
    }

    private static string Facts(AnomalyResult result)
    {
        var (kind, decision) = result.IsAnomalous switch { true => ("bad", "anomalous"), false => ("good", "normal"), _ => ("soft", "undecided") };
        string calibrated = result.CalibratedScore is { } c ? $", calibrated {F(c)}" : string.Empty;
        string tiles = result.Tiles is { } t ? $" · {t.Columns} × {t.Rows} tiles of {t.Side} px" : string.Empty;
        return $"<p class=\"soft\"><b>score {F(result.Score)}</b>{calibrated} · <b class=\"{kind}\">{decision}</b>"
            + $" · {result.ImageWidth} × {result.ImageHeight} px{tiles}</p>";
    }

    private static void Outlines(TextWriter text, AnomalyResult result)
    {
        int corners = 0;
        foreach (var (i, r) in result.Regions.Take(MostRegions).Index())
        {
            corners += r.Contour.Count;
            IEnumerable<PixelPoint> outline = r.Contour.Count > 2 && corners <= MostCorners ? r.Contour
                : [new(r.X, r.Y), new(r.X + r.Width, r.Y), new(r.X + r.Width, r.Y + r.Height), new(r.X, r.Y + r.Height)];
            text.Write(string.Create(CultureInfo.InvariantCulture, $"<polygon data-region=\"{i + 1}\" points=\""));
            text.Write(string.Join(' ', outline.Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.X},{p.Y}"))));
            text.Write($"\"><title>region {i + 1}, peak {F(r.Peak)}</title></polygon>\n");
        }
    }

    private static void Regions(TextWriter text, AnomalyResult result)
    {
        int count = result.Regions.Count;
        text.Write($"<h2>{count} region{(count == 1 ? string.Empty : "s")}</h2>");
        if (count == 0)
        {
            text.Write($"<p class=\"soft\">no pixel at or above {F(result.PixelThreshold)}</p>");
            return;
        }

        text.Write("<div class=\"list\" tabindex=\"0\"><table><thead><tr><th>#</th><th>x, y</th><th>box</th><th>area px</th><th>peak</th></tr></thead><tbody>");
        foreach (var (i, r) in result.Regions.Take(MostRegions).Index())
        {
            text.Write(string.Create(CultureInfo.InvariantCulture, $"<tr data-box=\"{r.X},{r.Y},{r.Width},{r.Height}\">"
                + $"<td><a href=\"#region-{i + 1}\">{i + 1}</a></td><td>{r.X}, {r.Y}</td>"
                + $"<td>{r.Width} × {r.Height}</td><td>{r.Area:N0}</td><td>{F(r.Peak)}</td></tr>\n"));
        }

        text.Write("</tbody></table></div>");
        text.Write(count > MostRegions ? $"<p class=\"soft\">{count - MostRegions} with lower peaks are neither listed nor drawn.</p>" : string.Empty);
    }

    private static string F(float v) => float.IsFinite(v) ? v.ToString("0.###", CultureInfo.InvariantCulture) : "not a number";
}
