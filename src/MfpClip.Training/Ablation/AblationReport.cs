using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using MfpClip.Files;
using MfpClip.Output;

namespace MfpClip.Training.Ablation;

/// <summary>A study on paper: Markdown, CSV, JSON and one HTML page without outside files, in the layout of the paper's tables.</summary>
internal static class AblationReport
{
    private static readonly (string Key, string Title)[] Metrics =
    [
        ("image_auroc", "I-AUC"), ("pixel_auroc", "P-AUC"), ("image_ap", "I-AP"), ("image_f1max", "I-F1"), ("pixel_ap", "P-AP"), ("pixel_f1max", "P-F1"), ("aupro", "AUPRO"),
    ];

    private static readonly string[] Headers =
        ["", .. Metrics.Select(m => m.Title), "loss I-AUC", "loss P-AUC", "paper", "training s", "s/image"];

    private static readonly JsonSerializerOptions Json = new()
    {
        TypeInfoResolver = ReflectedJson.Resolver,
        WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static void Write(string folder, AblationResult result, RgbImage? figure)
    {
        if (figure is not null)
        {
            MapFiles.WritePng(Path.Combine(folder, "figure6.png"), figure);
        }

        Text(Path.Combine(folder, "ablation.md"), Markdown(result, figure is not null));
        Text(Path.Combine(folder, "ablation.csv"), Csv(result));
        Text(Path.Combine(folder, "ablation.html"), Html(result, figure));
        AtomicFile.Write(Path.Combine(folder, "ablation.json"), stream => JsonSerializer.Serialize(stream, ForPrograms(result), Json));
    }

    internal static string Markdown(AblationResult result, bool figure)
    {
        var text = new StringBuilder("# Ablation\n\n");
        text.Append(result.Notice is null ? string.Empty : $"> **{result.Notice}**\n\n");
        foreach (string line in About(result))
        {
            text.Append($"- {line}\n");
        }

        foreach (var table in result.Tables)
        {
            text.Append($"\n## {table.Title}\n\n| {string.Join(" | ", Headers)} |\n|{string.Concat(Headers.Select(_ => " --- |"))}\n");
            foreach (var row in table.Rows)
            {
                text.Append($"| {string.Join(" | ", Cells(table, row))} |\n");
            }
        }

        return text.Append(figure ? "\n## Figure 6\n\nImage, ground truth, without MP, with MP (first seed; one colour scale for both maps of a line).\n\n![figure 6](figure6.png)\n" : string.Empty).ToString();
    }

    internal static string Csv(AblationResult result)
    {
        var text = new StringBuilder("table,row,seed,category");
        foreach (var (key, _) in Metrics)
        {
            text.Append(',').Append(key);
        }

        text.Append(",training_seconds,seconds_per_image,key\n");
        foreach (var (table, row, run) in result.Tables.SelectMany(t => t.Rows.SelectMany(r => r.Runs.Select(run => (t, r, run)))))
        {
            foreach (var (category, values) in run.Categories.Select(c => (c.Key, c.Value)).Append(("mean", run.Mean)))
            {
                text.Append(CultureInfo.InvariantCulture, $"{Quoted(table.Key)},{Quoted(row.Name)},{run.Seed},{Quoted(category)}");
                foreach (var (key, _) in Metrics)
                {
                    text.Append(',').Append(values.GetValueOrDefault(key)?.ToString("R", CultureInfo.InvariantCulture));
                }

                text.Append(CultureInfo.InvariantCulture, $",{run.TrainingSeconds:R},{run.SecondsPerImage:R},{run.Key}\n");
            }
        }

        return text.ToString();
    }

    private static string Html(AblationResult result, RgbImage? figure)
    {
        var html = new StringBuilder("""
            <!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Ablation</title><style>
            body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:80rem;padding:0 1rem;color:#1d2330;background:#f6f7f9}
            section{background:#fff;border-radius:8px;padding:1rem 1.25rem;margin:1rem 0;box-shadow:0 1px 3px #0002;overflow-x:auto}
            h2{font-size:1.1rem;margin:0 0 .5rem}table{border-collapse:collapse}td,th{text-align:right;padding:.25rem .7rem;border-bottom:1px solid #e5e7ec;white-space:nowrap}
            td:first-child,th:first-child{text-align:left}.notice{background:#fff3cd;padding:.75rem 1rem;border-radius:8px}img{max-width:100%}
            </style></head><body><h1>Ablation</h1>
            """);
        html.Append(result.Notice is null ? string.Empty : $"<p class=notice>{Encode(result.Notice)}</p>");
        html.Append($"<ul>{string.Concat(About(result).Select(l => $"<li>{Encode(l)}</li>"))}</ul>");
        foreach (var table in result.Tables)
        {
            html.Append($"<section><h2>{Encode(table.Title)}</h2><table><tr>{string.Concat(Headers.Select(h => $"<th>{Encode(h)}</th>"))}</tr>");
            foreach (var row in table.Rows)
            {
                html.Append($"<tr>{string.Concat(Cells(table, row).Select(c => $"<td>{Encode(c)}</td>"))}</tr>");
            }

            html.Append("</table></section>");
        }

        if (figure is not null)
        {
            html.Append($"<section><h2>Figure 6: image, ground truth, without MP, with MP</h2><img alt=\"figure 6\" src=\"data:image/png;base64,{Convert.ToBase64String(MapImages.ToPng(figure))}\"></section>");
        }

        return html.Append("</body></html>\n").ToString();
    }

    private static string[] Cells(AblationTableResult table, AblationRowResult row)
    {
        var reference = table.Rows[0];
        bool isReference = ReferenceEquals(row, reference);
        return
        [
            row.Name,
            .. Metrics.Select(m => Percent(row.Of(m.Key))),
            isReference ? "-" : Percent(row.LossAgainst(reference, "image_auroc")),
            isReference ? "-" : Percent(row.LossAgainst(reference, "pixel_auroc")),
            Paper(row.Paper),
            Number(row.Runs.Average(r => r.TrainingSeconds), "0.#"),
            Number(row.Runs.Average(r => r.SecondsPerImage), "0.###"),
        ];
    }

    private static IEnumerable<string> About(AblationResult result) =>
    [
        $"trained on: {result.Auxiliary}; tested on: {result.Test}",
        $"seeds: {string.Join(", ", result.Seeds)}; numbers are percent, mean ± standard deviation over the seeds (sample, n - 1); category means",
        "loss: reference (first line) minus this line, seed by seed; positive means that the module helps",
        "paper: MFP-CLIP on MVTec AD with CLIP ViT-L/14@336, I-AUC / P-AUC (\"loss\": points lost against the whole method)",
        $"recipe: {(result.Recipe is { } r ? r.ToString() : "each method's own")}",
        $"evaluation: {result.Evaluation}",
        .. result.Settings,
        .. result.Protocol,
        .. result.Command is { } command ? new[] { $"made by: {command}" } : [],
    ];

    private static string Paper(PaperNumbers? p) => p is null ? string.Empty
        : p.ImageAuroc is null && p.PixelAuroc is null ? p.Remark ?? string.Empty
        : $"{(p.AreLosses ? "loss " : string.Empty)}{(p.ImageAuroc is { } i ? Number(i, "0.0") : "?")} / {(p.PixelAuroc is { } x ? Number(x, "0.0") : "?")}";

    private static string Percent(SeedStatistic s) => s.Mean is not { } mean ? "n/a"
        : $"{Number(100 * mean, "0.0")}{(s.StandardDeviation is { } d ? $" ± {Number(100 * d, "0.0")}" : string.Empty)}";

    private static object ForPrograms(AblationResult result) => new
    {
        result.Notice, result.Auxiliary, result.Test, result.Seeds, result.Recipe, result.Evaluation, result.Protocol, result.Settings, result.Command,
        Tables = result.Tables.Select(t => new
        {
            t.Key, t.Title,
            Rows = t.Rows.Select(r => new
            {
                r.Name, r.Paper, Metrics = Metrics.ToDictionary(m => m.Key, m => r.Of(m.Key)),
                Losses = Metrics.ToDictionary(m => m.Key, m => r.LossAgainst(t.Rows[0], m.Key)), r.Runs,
            }),
        }),
    };

    private static void Text(string path, string text) => AtomicFile.Write(path, stream => stream.Write(new UTF8Encoding(false).GetBytes(text)));

    private static string Quoted(string text) => text.AsSpan().ContainsAny(",\"\n") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;

    private static string Encode(string text) => WebUtility.HtmlEncode(text);

    private static string Number(double v, string format) => v.ToString(format, CultureInfo.InvariantCulture);
}
