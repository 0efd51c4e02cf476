using System.Globalization;
using MfpClip.Diagnostics;
using MfpClip.Evaluation.Metrics;
using MfpClip.Output;

namespace MfpClip.Evaluation.Reports;

/// <summary>The report as one HTML page: no script, no outside file; well-formed XML, too.</summary>
internal static class EvaluationHtml
{
    private const string Style = """
        .soft,figcaption{color:var(--soft);font-size:.88rem;margin:0}tbody th{font-weight:600!important}
        .row{display:flex;gap:1.25rem;flex-wrap:wrap;align-items:flex-start}.plot{flex:1 1 18rem;max-width:26rem;min-width:0}
        .wide{max-width:40rem}
        .cases{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(32rem,100%),1fr));gap:1.25rem}
        figure{margin:0}.four{display:grid;grid-template-columns:repeat(4,minmax(0,1fr));gap:4px;align-items:start}
        .four img,.four span{width:100%;border-radius:4px}.four span{color:var(--soft);font-size:.8rem}figcaption{margin:.3rem 0 0;overflow-wrap:anywhere}
        .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:.75rem;margin:1rem 0}
        .tile{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.7rem 1rem}
        .tile dt{color:var(--soft);font-size:.85rem}.tile dd{margin:0;font-size:1.7rem;line-height:1.25;font-weight:650;font-variant-numeric:tabular-nums}
        .tile .range{color:var(--soft);font-size:.8rem;font-weight:400}
        .matrix td,.matrix th{padding:.4rem .9rem;border:1px solid var(--line);text-align:right}.matrix .right{background:var(--good-bg)}
        .matrix .wrong{background:var(--bad-bg)}.matrix tbody th{text-align:left}.matrix b{font-size:1.15rem}
        .scroll .manifest td{text-align:left;white-space:normal;overflow-wrap:anywhere;min-width:14rem}
        .scroll .manifest th{vertical-align:top;white-space:nowrap}
        @media(max-width:40rem){.four{grid-template-columns:repeat(2,minmax(0,1fr))}.tiles{grid-template-columns:repeat(2,minmax(0,1fr))}}
        """;

    public static void Write(TextWriter html, EvaluationReport report)
    {
        html.Write(HtmlPage.Start("Evaluation report", 80, ReportTable.Style + Style));
        html.Write($"<header><h1>Evaluation of {HtmlPage.Encode(string.Join(", ", report.Methods.Select(m => m.Method)))} on "
            + $"{HtmlPage.Encode(string.Join(", ", report.Runs.Select(r => r.DataSet).Distinct()))}</h1><p class=\"soft\">"
            + $"{report.Runs.Min(r => r.Started).ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)} UTC</p></header>\n");
        foreach (string notice in report.Runs.Select(r => r.Notice).OfType<string>().Distinct())
        {
            html.Write(HtmlPage.Notice(notice));
        }

        foreach (var series in ShotSeries.Of(report))
        {
            html.Write($"<section><div class=\"wide\">{ShotPlot.Svg(series)}</div></section>\n");
        }

        foreach (var method in report.Detailed)
        {
            DecisionHtml.Write(html, method, report.Methods.Count > 1);
        }

        foreach (var table in ReportTables.Of(report))
        {
            html.Write(table.ToHtml());
        }

        foreach (var method in report.Detailed)
        {
            foreach (var category in method.Runs[0].Categories)
            {
                Category(html, category, report.Methods.Count > 1 ? $"{category.Key}, {method.Method}" : category.Key);
            }
        }

        foreach (var run in report.Runs)
        {
            Manifest(html, run);
        }

        html.Write(HtmlPage.End);
    }

    private static void Category(TextWriter html, CategoryEvaluation category, string title)
    {
        html.Write($"<section><h2>{HtmlPage.Encode(title)}</h2><p class=\"soft\">class \"{HtmlPage.Encode(category.ClassName)}\", {category.Normal} normal and "
            + $"{category.Defective} defective images, {Seconds(category.SecondsPerImage)} s per "
            + $"image{(category.PixelsExact ? string.Empty : $"; pixel scores binned: values are within {Bound(category)} of the exact ones")}</p>"
            + "<div class=\"row\">");
        Plot(html, CurvePlot.Svg("ROC", "false positive rate", "true positive rate",
        [
            ($"images, AUROC {category.Metrics.ImageAuroc}", "var(--normal)", category.ImageRoc),
            ($"pixels, AUROC {category.Metrics.PixelAuroc}", "var(--defect)", category.PixelRoc),
        ]));
        Plot(html, DecisionHtml.Histogram(category));
        if (category.Pro.Count > 0)
        {
            Plot(html, CurvePlot.Svg("PRO", "false positive rate of pixels", "mean overlap per region",
                [($"AUPRO {category.Metrics.Aupro}", "var(--third)", category.Pro)], 0.3));
        }

        html.Write("</div>");
        if (category.Cases.Count > 0)
        {
            html.Write("<h3>Worst and best cases: image, ground truth, map, overlay (outline: ground truth)</h3><div class=\"cases\">");
            foreach (var c in category.Cases)
            {
                Case(html, c);
            }

            html.Write("</div>");
        }

        html.Write("</section>\n");
    }

    private static void Plot(TextWriter html, string svg) => html.Write($"<div class=\"plot\">{svg}</div>");

    private static void Case(TextWriter html, EvaluationCase c)
    {
        string kind = c.Kind switch
        {
            CaseKind.Missed => "<b class=\"bad\">lowest score of a defective image</b>",
            CaseKind.FalseAlarm => "<b class=\"bad\">highest score of a normal image</b>",
            CaseKind.Found => "<b class=\"good\">highest score of a defective image</b>",
            _ => "<b class=\"good\">lowest score of a normal image</b>",
        };
        string truth = c.Truth is { } mask ? HtmlPage.Picture(mask, "png", "ground truth") : "<span>no mask</span>";
        html.Write($"<figure><div class=\"four\">{HtmlPage.Picture(c.Photo, "jpeg", "image")}{truth}"
            + $"{HtmlPage.Picture(c.Map, "jpeg", "anomaly map")}{HtmlPage.Picture(c.Overlay, "jpeg", "overlay")}</div>");
        html.Write($"<figcaption>{kind}: {HtmlPage.Encode(c.Outcome.Image)}, score "
            + $"{c.Outcome.Score.ToString("0.000", CultureInfo.InvariantCulture)}</figcaption></figure>");
    }

    private static void Manifest(TextWriter html, EvaluationRun run)
    {
        var d = run.Detector;
        html.Write($"<section><h2>Manifest: {HtmlPage.Encode(d.Method)}, seed {run.Seed}</h2><div class=\"scroll\" tabindex=\"0\"><table class=\"manifest\">");
        foreach (var (name, value) in ManifestLines(run))
        {
            html.Write($"<tr><th>{HtmlPage.Encode(name)}</th><td>{HtmlPage.Encode(value)}</td></tr>");
        }

        foreach (var stage in d.Stages)
        {
            string weights = string.Join(
                ", ", stage.Weights.Select(w => $"{w.Source}, {w.Parameters.ToString("N0", CultureInfo.InvariantCulture)} values, sha256 {w.Sha256}"));
            string[] parts = [stage.Component, string.Join(", ", stage.Options.Select(o => $"{o.Key}={o.Value}")), weights];
            html.Write($"<tr><th>{HtmlPage.Encode(stage.Stage)}</th><td>{HtmlPage.Encode(string.Join("; ", parts.Where(t => t.Length > 0)))}</td></tr>");
        }

        html.Write("</table></div>");
        html.Write(d.Recipe is { } recipe
            ? $"<details><summary>recipe, to build this detector again</summary><pre>{HtmlPage.Encode(recipe)}</pre></details></section>\n"
            : "</section>\n");
    }

    /// <summary>What it takes to run it again, line by line.</summary>
    public static IEnumerable<(string Name, string Value)> ManifestLines(EvaluationRun run) =>
    [
        ("method", run.Detector.Method), ("weights hash", run.Detector.WeightsHash), ("seed", run.Seed.ToString(CultureInfo.InvariantCulture)),
        ("device", run.Detector.Device), ("precision", run.Detector.Precision), ("image size", $"{run.Detector.ImageSize} px"),
        ("library", run.Detector.LibraryVersion),
        .. run.Protocol.Select(p => ("protocol", p)), .. run.Settings.Select(s => (s.Key, s.Value)), .. run.Environment.Select(e => (e.Key, e.Value)),
        ("started", run.Started.ToString("u", CultureInfo.InvariantCulture)), ("elapsed", run.Elapsed.ToString("c", CultureInfo.InvariantCulture)),
        ("seconds per image", Seconds(run.SecondsPerImage)),
    ];

    private static string Bound(CategoryEvaluation category) =>
        EvaluationMetrics.All.Max(m => m.Get(category.Metrics).Error).ToString("0.0e+0", CultureInfo.InvariantCulture);

    private static string Seconds(double s) => s.ToString("0.000", CultureInfo.InvariantCulture);
}
