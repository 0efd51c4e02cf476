using System.Globalization;
using System.Text;

namespace MfpClip.Output;

/// <summary>What a report keeps of an image in memory; the rest lies in a file until the page is written, at <c>Start</c>, <c>Length</c> bytes.</summary>
internal sealed record ReportEntry(string Name, float Score, float? CalibratedScore, bool? IsAnomalous, float? Threshold, float PixelThreshold,
    int Regions, string ClassName, long Start, int Length)
{
    /// <summary>Where its part ends.</summary>
    public long End => Start + Length;
}

/// <summary>An image without a result.</summary>
internal sealed record ReportFailure(string Name, string Reason);

/// <summary>The part of an image's entry that does not depend on the other images: thumbnails, facts and regions.</summary>
internal static class ReportItem
{
    public static string Html(AnomalyResult result, byte[] photo, byte[] overlay, ReportedFiles links, int mostRegions)
    {
        var html = new StringBuilder("<div class=\"shots\">");
        Shot(html, photo, "photo", links.Photo);
        Shot(html, overlay, "overlay", links.Overlay);
        html.Append("</div><div class=\"facts\"><p class=\"soft\">");
        html.Append(CultureInfo.InvariantCulture, $"{result.ImageWidth} × {result.ImageHeight} px · {Ms(result.Timings.Total)} ms");
        if (links.HeatMap is { } heat)
        {
            html.Append($" · <a href=\"{HtmlPage.Encode(heat)}\">anomaly map</a>");
        }

        if (links.Zoom is { } zoom)
        {
            html.Append($" · <a class=\"zoom\" href=\"{HtmlPage.Encode(zoom)}\">zoom into the picture</a>");
        }

        html.Append("</p>");
        Regions(html, result, mostRegions, links.Zoom is { } page ? HtmlPage.Encode(page) : null);
        return html.Append("</div>").ToString();
    }

    private static void Shot(StringBuilder html, byte[] picture, string title, string? link)
    {
        string image = HtmlPage.Picture(picture, ReportThumbnail.Format, title);
        html.Append("<figure>").Append(link is null ? image : $"<a href=\"{HtmlPage.Encode(link)}\" title=\"full size\">{image}</a>")
            .Append($"<figcaption>{title}</figcaption></figure>");
    }

    private static void Regions(StringBuilder html, AnomalyResult result, int most, string? zoom)
    {
        if (result.Regions.Count == 0)
        {
            html.Append(CultureInfo.InvariantCulture, $"<p class=\"soft\">no pixel at or above {result.PixelThreshold:0.###}</p>");
            return;
        }

        const int Open = 3;
        double pixels = (double)result.ImageWidth * result.ImageHeight;
        string Row(DefectRegion r, int i) => string.Create(CultureInfo.InvariantCulture,
            $"<tr><td>{Number(i + 1)}</td><td>{r.X}, {r.Y}</td><td>{r.Width} × {r.Height}</td><td>{r.Area:N0}</td><td>{100 * r.Area / pixels:0.##} %</td>"
            + $"<td>{r.Peak:0.###}</td></tr>");
        // The page that zooms lists and draws the same regions in the same order.
        string Number(int i) => zoom is null ? $"{i}" : $"<a href=\"{zoom}#region-{i}\" title=\"zoom into region {i}\">{i}</a>";
        const string Head = "<div class=\"scroll\" tabindex=\"0\"><table class=\"regions\"><thead><tr><th>#</th><th>x, y</th><th>box</th><th>area px"
            + "</th><th>of image</th>"
            + "<th>peak</th></tr></thead><tbody>";
        html.Append(Head).AppendJoin(string.Empty, result.Regions.Take(Open).Select(Row)).Append("</tbody></table></div>");
        int more = result.Regions.Count - Open;
        if (more > 0)
        {
            html.Append($"<details><summary>{more} more region{(more == 1 ? string.Empty : "s")}</summary>{Head}")
                .AppendJoin(string.Empty, result.Regions.Take(most).Skip(Open).Select((r, i) => Row(r, i + Open))).Append("</tbody></table></div>");
            html.Append(result.Regions.Count > most ? $"<p class=\"soft\">{result.Regions.Count - most} with lower peaks are not listed.</p>" : string.Empty)
                .Append("</details>");
        }
    }

    private static string Ms(TimeSpan time) => time.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture);
}
