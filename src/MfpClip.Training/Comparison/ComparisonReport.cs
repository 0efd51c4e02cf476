using System.Globalization;
using System.Text;
using MfpClip.Evaluation;
using MfpClip.Evaluation.Metrics;
using MfpClip.Files;
using MfpClip.Objectives;
using MfpClip.Output;
using MfpClip.Training.Studies;

namespace MfpClip.Training.Comparison;

/// <summary>A comparison on paper: Markdown, CSV, JSON and one HTML page without outside files, in the layout of the paper's Table 1.</summary>
internal static class ComparisonReport
{
    public static void Write(string folder, ComparisonResult result)
    {
        var tables = Tables(result);
        AtomicFile.WriteText(Path.Combine(folder, "comparison.md"), Markdown(result, tables));
        AtomicFile.WriteText(Path.Combine(folder, "comparison.csv"), Csv(result));
        AtomicFile.WriteText(Path.Combine(folder, "comparison.html"), ComparisonPage.Html(result, tables, About(result)));
        StudyReport.WriteJson(Path.Combine(folder, "comparison.json"), ForPrograms(result));
    }

    /// <summary>The tables: Table 1 in form, every metric, what it costs, what was published.</summary>
    internal static IReadOnlyList<ReportTable> Tables(ComparisonResult result) => [Main(result), Metrics(result), Cost(result), Published(result)];

    internal static string Markdown(ComparisonResult result, IReadOnlyList<ReportTable> tables) =>
        StudyReport.Markdown("Comparison of methods", result.Notice, About(result), tables).ToString();

    internal static string Csv(ComparisonResult result)
    {
        string[] keys = [.. EvaluationMetrics.All.Select(m => m.Key)];
        var text = new StringBuilder($"method,seed,part,name,{string.Join(',', keys)},");
        text.Append("training_seconds,latency_ms_median,latency_ms_p95,detection_memory_bytes,training_memory_bytes,key,shots,fit_seconds,fit_memory_bytes\n");
        foreach (var (method, run) in result.Methods.SelectMany(m => m.Runs.Select(r => (m.Method, r))))
        {
            foreach (var (part, name, values) in run.Categories.Select(c => ("category", c.Key, c.Value))
                .Concat(run.DataSets.Select(d => ("data set", d.Key, d.Value))).Append(("mean", "all categories", run.Mean)))
            {
                text.Append(CultureInfo.InvariantCulture, $"{CsvField.Of(method.Key)},{run.Seed},{part},{CsvField.Of(name)}");
                foreach (string key in keys)
                {
                    text.Append(',').Append(CsvField.Of(values.GetValueOrDefault(key)));
                }

                text.Append(CultureInfo.InvariantCulture,
                    $",{run.TrainingSeconds:R},{run.Latency.Median:R},{run.Latency.P95:R},{run.DetectionMemory},{run.TrainingMemory},{run.Key},"
                        + $"{run.Shots},{run.FitSeconds:R},{run.FitMemory}\n");
            }
        }

        return text.ToString();
    }

    private static ReportTable Main(ComparisonResult result) => new(
        "Table 1: image AUROC and pixel AUROC on each data set",
        ["method", .. result.DataSets.SelectMany(d => new[] { $"{d} I-AUC", $"{d} P-AUC" }), "mean I-AUC", "mean P-AUC"],
        [.. result.Methods.Select(m => Line(m, [.. result.DataSets.SelectMany(d => new[] { Value(m, "image_auroc", d), Value(m, "pixel_auroc", d) }),
            Value(m, "image_auroc"), Value(m, "pixel_auroc")]))]);

    private static ReportTable Metrics(ComparisonResult result) => new(
        "Every metric, mean over the categories",
        ["method", .. EvaluationMetrics.All.Select(m => m.Title)],
        [.. result.Methods.Select(m => Line(m, [.. EvaluationMetrics.All.Select(e => Value(m, e.Key))]))]);

    private static ReportTable Cost(ComparisonResult result) => new(
        "What it costs",
        ["method", "trained values", "epochs", "loss, first to last epoch", "training s", "training memory MB", "normal images",
            "fit s", "fit memory MB", "input px", "latency ms (median)",
            "latency ms (95 %)", "detection memory MB"],
        [.. result.Methods.Select(m => Line(m, m.Runs.Count == 0 ? [.. Enumerable.Repeat("n/a", 12)] :
        [
            m.Runs[0].TrainedValues.ToString("N0", CultureInfo.InvariantCulture),
            m.Runs[0].Recipe?.Epochs.ToString(CultureInfo.InvariantCulture) ?? "-",
            m.Runs[0].Losses is [var first, .., var last] ? $"{Number(first, "0.###")} to {Number(last, "0.###")}" : "-",
            m.Runs[0].Recipe is null ? "-" : Number(m.Runs.Average(r => r.TrainingSeconds), "0"),
            Megabytes(m.Runs.Max(r => r.TrainingMemory)),
            m.Runs[0].Shots == 0 ? "-" : m.Runs[0].Shots.ToString(CultureInfo.InvariantCulture),
            m.Runs.Average(r => r.FitSeconds) is { } fit ? Number(fit, "0.0") : "-",
            Megabytes(m.Runs.Max(r => r.FitMemory)),
            m.Runs[0].ImageSize.ToString(CultureInfo.InvariantCulture),
            Number(m.Runs.Average(r => r.Latency.Median), "0.0"),
            Number(m.Runs.Average(r => r.Latency.P95), "0.0"),
            Megabytes(m.Runs.Max(r => r.DetectionMemory)),
        ]))]);

    private static ReportTable Published(ComparisonResult result) => new(
        "Published, with other backbones and data than above (CLIP ViT-L/14@336, WinCLIP ViT-B/16+; trained on the other of the two benchmarks)",
        ["method", "benchmark", "kind", "I-AUC", "P-AUC", "AUPRO (200 steps)", "source"],
        [.. result.Methods.SelectMany(m => m.Method.Published.Select(p => new[]
        {
            m.Method.Name, p.Benchmark, p.IsRerun ? "rerun" : "paper", Given(p.ImageAuroc), Given(p.PixelAuroc), Given(p.Aupro), p.Source,
        }))]);

    private static string Given(double? percent) => percent is { } p ? Number(p, "0.0") : "-";

    private static string[] Line(MethodResult method, IReadOnlyList<string> cells) =>
        [method.Failure is { } reason ? $"{method.Method.Name} (not run: {reason})" : method.Method.Name, .. cells];

    private static string Value(MethodResult method, string metric, string? dataSet = null) =>
        method.Runs.Count == 0 ? "n/a" : method.Of(metric, dataSet).Percent();

    private static IReadOnlyList<string> About(ComparisonResult result) =>
    [
        $"trained on: {result.Auxiliary}",
        $"tested on: {result.Test}",
        $"seeds: {string.Join(", ", result.Seeds)}; numbers are percent, mean ± standard deviation over the seeds (sample, n - 1); one run "
            + $"where nothing is trained",
        .. result.Settings,
        .. result.Protocol,
        .. result.Methods.SelectMany(m => m.Runs.Take(1)).Take(1).SelectMany(r => new[]
        {
            $"machine: {string.Join(", ", r.Environment.Select(e => $"{e.Key} {e.Value}"))}",
        }),
        .. result.Methods.SelectMany(m => m.Runs.Take(1).Where(r => r.Recipe is not null).Select(r => $"recipe of {m.Method.Name}: {Recipe(r.Recipe!)}")),
        .. result.Command is { } command ? new[] { $"made by: {command}" } : [],
    ];

    private static string Recipe(TrainingRecipe r) => string.Create(
        CultureInfo.InvariantCulture, $"{r.Epochs} epochs, batches of {r.BatchSize}, {r.Optimizer} {r.LearningRate} ({r.Schedule}), betas {r.Beta1} {r.Beta2}, "
            + $"mosaics {r.MosaicProbability}");

    private static object ForPrograms(ComparisonResult result) => new
    {
        result.Notice, result.Command, result.Auxiliary, result.Test, result.DataSets, result.Seeds, result.Protocol, result.Settings,
        Methods = result.Methods.Select(m => new
        {
            m.Method.Key, m.Method.Name, m.Failure,
            Mean = EvaluationMetrics.All.ToDictionary(e => e.Key, e => m.Of(e.Key)),
            m.Method.Published,
            m.Runs,
        }),
    };

    private static string Megabytes(long? bytes) => bytes is { } b ? Number(b / 1e6, "0") : "-";

    private static string Number(double v, string format) => v.ToString(format, CultureInfo.InvariantCulture);
}
