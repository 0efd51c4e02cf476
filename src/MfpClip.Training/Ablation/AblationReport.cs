using System.Globalization;
using System.Text;
using MfpClip.Files;
using MfpClip.Output;
using MfpClip.Training.Studies;

namespace MfpClip.Training.Ablation;

/// <summary>A study on paper: Markdown, CSV, JSON and one HTML page without outside files, in the layout of the paper's tables.</summary>
internal static class AblationReport
{
    private static readonly (string Key, string Title)[] Metrics =
    [
        ("image_auroc", "I-AUC"), ("pixel_auroc", "P-AUC"), ("image_ap", "I-AP"), ("image_f1max", "I-F1"), ("pixel_ap", "P-AP"),
        ("pixel_f1max", "P-F1"), ("aupro", "AUPRO"),
    ];

    private static readonly string[] Headers =
        ["", .. Metrics.Select(m => m.Title), "loss I-AUC", "loss P-AUC", "paper", "training s", "s/image"];

    public static void Write(string folder, AblationResult result, RgbImage? figure)
    {
        if (figure is not null)
        {
            MapFiles.WritePng(Path.Combine(folder, "figure6.png"), figure);
        }

        AtomicFile.WriteText(Path.Combine(folder, "ablation.md"), Markdown(result, figure is not null));
        AtomicFile.WriteText(Path.Combine(folder, "ablation.csv"), Csv(result));
        AtomicFile.WriteText(Path.Combine(folder, "ablation.html"), Html(result, figure));
        StudyReport.WriteJson(Path.Combine(folder, "ablation.json"), ForPrograms(result));
    }

    internal static string Markdown(AblationResult result, bool figure)
    {
        var text = StudyReport.Markdown("Ablation", result.Notice, About(result), Tables(result));
        return text.Append(figure ? "\n## Figure 6\n\nImage, ground truth, without MP, with MP (first seed; one colour scale for both maps of a "
            + "line).\n\n![figure 6](figure6.png)\n" : string.Empty).ToString();
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
                text.Append(CultureInfo.InvariantCulture, $"{CsvField.Of(table.Key)},{CsvField.Of(row.Name)},{run.Seed},{CsvField.Of(category)}");
                foreach (var (key, _) in Metrics)
                {
                    text.Append(',').Append(CsvField.Of(values.GetValueOrDefault(key)));
                }

                text.Append(CultureInfo.InvariantCulture, $",{run.TrainingSeconds:R},{run.SecondsPerImage:R},{run.Key}\n");
            }
        }

        return text.ToString();
    }

    private static string Html(AblationResult result, RgbImage? figure)
    {
        var html = new StringBuilder(StudyReport.StartHtml("Ablation", result.Notice, "img{max-width:100%}")).Append(HtmlPage.List(About(result)));
        html.AppendJoin(string.Empty, Tables(result).Select(t => t.ToHtml()));
        if (figure is not null)
        {
            string picture = HtmlPage.Picture(MapImages.ToPng(figure), "png", "figure 6");
            html.Append($"<section><h2>Figure 6: image, ground truth, without MP, with MP</h2>{picture}</section>");
        }

        html.Append(StudyReport.RecipesHtml(
            result.Tables.SelectMany(t => t.Rows).SelectMany(r => r.Runs.Take(1).Select(run => (r.Name, run.DetectorRecipe))).Distinct()));
        return html.Append(HtmlPage.End).ToString();
    }

    private static IEnumerable<ReportTable> Tables(AblationResult result) =>
        result.Tables.Select(t => new ReportTable(t.Title, Headers, [.. t.Rows.Select(r => Cells(t, r))]));

    private static string[] Cells(AblationTableResult table, AblationRowResult row)
    {
        var reference = table.Rows[0];
        bool isReference = ReferenceEquals(row, reference);
        return
        [
            row.Name,
            .. Metrics.Select(m => row.Of(m.Key).Percent()),
            isReference ? "-" : row.LossRelativeTo(reference, "image_auroc").Percent(),
            isReference ? "-" : row.LossRelativeTo(reference, "pixel_auroc").Percent(),
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

    private static object ForPrograms(AblationResult result) => new
    {
        result.Notice, result.Auxiliary, result.Test, result.Seeds, result.Recipe, result.Evaluation, result.Protocol, result.Settings, result.Command,
        Tables = result.Tables.Select(t => new
        {
            t.Key, t.Title,
            Rows = t.Rows.Select(r => new
            {
                r.Name, r.Paper, Metrics = Metrics.ToDictionary(m => m.Key, m => r.Of(m.Key)),
                Losses = Metrics.ToDictionary(m => m.Key, m => r.LossRelativeTo(t.Rows[0], m.Key)), r.Runs,
            }),
        }),
    };

    private static string Number(double v, string format) => v.ToString(format, CultureInfo.InvariantCulture);
}
