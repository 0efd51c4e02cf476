using System.Globalization;
using System.Text;
using MfpClip.Diagnostics;
using MfpClip.Imaging;

namespace MfpClip.Output;

/// <summary>
/// A self-contained HTML page of results: no script, no outside file. Written image by image, so that memory does not grow with the
/// number of images; the page appears under its name when <see cref="Complete"/> was called.
/// </summary>
public sealed class HtmlReport : IDisposable
{
    private const string Style = """
        h2{font-size:1.05rem;margin:0;word-break:break-all}div{display:flex;gap:1rem;flex-wrap:wrap}figure{margin:0;flex:1 1 15rem}
        img{width:100%;border-radius:4px}figcaption{color:#667;font-size:.85rem}td,th{text-align:left;padding:.2rem .8rem .2rem 0;vertical-align:top}
        """;

    private readonly string _path;
    private readonly string _temporary;
    private readonly StreamWriter _writer;
    private bool _complete;

    /// <summary>Starts a report.</summary>
    /// <param name="path">The page to be made.</param>
    /// <param name="description">The detector; shown with its stages and hashes.</param>
    /// <param name="notice">A sentence shown at the top, for example that the weights are random.</param>
    /// <exception cref="OutputException">The file cannot be written.</exception>
    public HtmlReport(string path, DetectorDescription description, string? notice = null)
        : this(path, description, notice, temporary => new FileStream(temporary, FileMode.CreateNew, FileAccess.Write))
    {
    }

    /// <summary>Writes through any stream, so that tests can fill the disk.</summary>
    internal HtmlReport(string path, DetectorDescription description, string? notice, Func<string, Stream> open)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(description);
        _path = path;
        _temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        _writer = Guard(() =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            return new StreamWriter(open(_temporary), new UTF8Encoding(false));
        });
        try
        {
            Guard(() => _writer.Write(Head(description, notice)));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Adds an image with its images, made smaller where a side is longer than 960 pixels; photo and overlay as JPEG.</summary>
    /// <param name="result">What the detector said.</param>
    /// <param name="photo">The photo.</param>
    /// <param name="options">Colours.</param>
    public void Add(AnomalyResult result, RgbImage photo, MapImageOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(result);
        ArgumentNullException.ThrowIfNull(photo);
        var map = result.ImageMap ?? Imaging.MapResize.ToImage(result.ModelMap, photo.Width, photo.Height);
        string decision = result.IsAnomalous switch { true => " <b class=bad>anomalous</b>", false => " <b class=good>normal</b>", _ => string.Empty };
        Guard(() =>
        {
            _writer.Write($"<section><h2>{HtmlPage.Encode(result.ImageName)}</h2><p>score <b>{Number(result.Score)}</b>{decision}, {result.Regions.Count} "
                + $"regions at or above {Number(result.PixelThreshold)}, class \"{HtmlPage.Encode(result.ClassName)}\", "
                + $"{Number(result.Timings.Total.TotalMilliseconds)} ms</p><div>");
            var small = ReportImages.Fit(photo, map, result.Regions);
            Figure("photo", "jpeg", MapImages.ToJpeg(small.Photo));
            Figure("anomaly map", "png", MapImages.ToPng(MapImages.HeatMap(small.Map, options)));
            Figure("overlay", "jpeg", MapImages.ToJpeg(MapImages.Overlay(small.Photo, small.Map, small.Regions, options)));

            _writer.Write("</div></section>\n");
        });
    }

    private void Figure(string title, string format, byte[] picture) =>
        _writer.Write($"<figure>{HtmlPage.Picture(picture, format, title)}<figcaption>{title}</figcaption></figure>");

    /// <summary>Finishes the page and gives it its name.</summary>
    /// <exception cref="OutputException">It cannot be written.</exception>
    public void Complete() => Guard(() =>
    {
        _writer.Write($"</main>{HtmlPage.End}");
        _writer.Dispose();
        File.Move(_temporary, _path, overwrite: true);
        _complete = true;
    });

    /// <summary>Drops the page if it was not completed.</summary>
    public void Dispose()
    {
        if (!_complete)
        {
            IgnoreErrors(_writer.Dispose); // writes what is left in the buffer: on a full disk that fails again
            IgnoreErrors(() => File.Delete(_temporary));
        }
    }

    // What was wrong has been reported where it was met.
    private static void IgnoreErrors(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }

    private static string Head(DetectorDescription d, string? notice)
    {
        var html = new StringBuilder(HtmlPage.Start("MfpClip report", 75, Style)).Append("<h1>MfpClip report</h1>\n").Append(HtmlPage.Notice(notice));
        string size = d.ImageSize.ToString(CultureInfo.InvariantCulture);
        string about = $"{d.Method}, {d.Device}, {d.Precision}, {size} px, version {d.LibraryVersion}, weights {d.WeightsHash[..12]}";
        html.Append($"<details><summary>{HtmlPage.Encode(about)}</summary><table>");
        foreach (var stage in d.Stages)
        {
            string options = string.Join(", ", stage.Options.Select(o => $"{o.Key}={o.Value}"));
            string weights = string.Join(", ", stage.Weights.Select(w => $"{w.Source} {w.Sha256[..12]}"));
            html.Append($"<tr><th>{HtmlPage.Encode(stage.Stage)}</th><td>{HtmlPage.Encode(stage.Component)}</td>");
            html.Append($"<td>{HtmlPage.Encode(options)}</td><td>{HtmlPage.Encode(weights)}</td></tr>");
        }

        html.Append("</table>").Append(
            d.Recipe is { } recipe ? $"<p>Recipe, to build this detector again:</p><pre class=recipe>{HtmlPage.Encode(recipe)}</pre>" : string.Empty);
        return html.Append("</details><main>\n").ToString();
    }

    private static string Number(double v) => v.ToString("0.###", CultureInfo.InvariantCulture);

    private void Guard(Action action) => Guard(() =>
    {
        action();
        return true;
    });

    private T Guard<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new OutputException(_path, $"the report cannot be written ({e.Message}).", e);
        }
    }
}
