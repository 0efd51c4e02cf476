using System.Globalization;
using System.Text;
using MfpClip.Files;
using MfpClip.Output;

namespace MfpClip.Evaluation.Reports;

/// <summary>
/// Writes a report to a folder and reads it back: <c>results.json</c>, <c>results.csv</c>, <c>results.md</c>, <c>decisions.csv</c>, <c>report.html</c>,
/// <c>cases/</c>, and <c>shots.svg</c> where normal images were counted.
/// </summary>
public static class EvaluationReportFiles
{
    /// <summary>Writes all files, each atomically.</summary>
    /// <param name="folder">Made if it is not there.</param>
    /// <param name="report">What to show.</param>
    /// <returns>Path of the HTML page.</returns>
    /// <exception cref="OutputException">A file cannot be written.</exception>
    public static string Write(string folder, EvaluationReport report)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(report);
        RemoveOld(folder);
        ResultsFile.Write(folder, report);
        AtomicFile.WriteText(Path.Combine(folder, "results.csv"), Csv(report));
        AtomicFile.WriteText(Path.Combine(folder, "decisions.csv"), DecisionCsv.Text(report));
        AtomicFile.WriteText(Path.Combine(folder, "results.md"), Markdown(report));
        foreach (var (series, number) in ShotSeries.Of(report).Select((s, i) => (s, i)))
        {
            AtomicFile.WriteText(Path.Combine(folder, PlotName(number)), ShotPlot.File(series));
        }

        string page = Path.Combine(folder, "report.html");
        AtomicFile.Write(page, stream =>
        {
            using var writer = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true);
            EvaluationHtml.Write(writer, report);
        });
        return page;
    }

    // What follows from results.json is not left beside another one, whenever this run is killed; 'report' makes it again.
    private static void RemoveOld(string folder)
    {
        foreach (string file in Directory.Exists(folder) ? Directory.EnumerateFiles(folder) : [])
        {
            string name = Path.GetFileName(file);
            if (name is "results.csv" or "decisions.csv" or "results.md" or "report.html"
                || (name.StartsWith("shots", StringComparison.Ordinal) && name.EndsWith(".svg", StringComparison.Ordinal)))
            {
                AtomicFile.Remove(file);
            }
        }
    }

    /// <summary>Reads saved runs; several files are shown together: seeds of a method become mean and deviation, methods rows of a table.</summary>
    /// <param name="paths">Folders that <see cref="Write"/> filled, or their <c>results.json</c>.</param>
    /// <exception cref="ResultsException">A file is absent or damaged.</exception>
    public static EvaluationReport Read(params IReadOnlyList<string> paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        return new([.. paths.SelectMany(ResultsFile.Read)]);
    }

    /// <summary>The tables and the manifest as Markdown.</summary>
    public static string Markdown(EvaluationReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var text = new StringBuilder();
        foreach (string notice in report.Runs.Select(r => r.Notice).OfType<string>().Distinct())
        {
            text.Append(CultureInfo.InvariantCulture, $"> {notice}\n\n");
        }

        foreach (var (series, number) in ShotSeries.Of(report).Select((s, i) => (s, i)))
        {
            text.Append(CultureInfo.InvariantCulture, $"![{series.Method}: over the number of normal images]({PlotName(number)})\n\n");
        }

        foreach (var table in ReportTables.Of(report))
        {
            text.Append(table.ToMarkdown()).Append('\n');
        }

        foreach (var run in report.Runs)
        {
            text.Append(CultureInfo.InvariantCulture, $"### Manifest: {run.Detector.Method}, seed {run.Seed}\n\n");
            text.AppendJoin('\n', EvaluationHtml.ManifestLines(run).Select(l => $"- {l.Name}: {l.Value}")).Append("\n\n");
        }

        return text.ToString();
    }

    /// <summary>The tables over the number of normal images alone, as Markdown; empty without a <c>ShotStudy</c>.</summary>
    public static string ShotTables(EvaluationReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return string.Join('\n', ShotSeries.Of(report).SelectMany(s => s.Tables()).Select(t => t.ToMarkdown()));
    }

    /// <summary>One line a run and category, and one a run for the mean; fractions, empty where there is no value.</summary>
    public static string Csv(EvaluationReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var csv = new StringBuilder(
            $"method,data_set,seed,category,{string.Join(',', EvaluationMetrics.All.Select(m => m.Key))},images,seconds_per_image,weights_hash,shots,"
            + "uncovered_pixels,uncovered_defect_pixels\n");
        foreach (var run in report.Runs)
        {
            foreach (var c in run.Categories)
            {
                Line(csv, run, c.DataSet, c.Key, c.Metrics, c.Images, c.SecondsPerImage, c.WeightsHash ?? run.Detector.WeightsHash, [c]);
            }

            Line(csv, run, run.DataSet, "mean", run.Mean, run.Images, run.SecondsPerImage, run.Detector.WeightsHash, run.Categories);
        }

        return csv.ToString();
    }

    private static string PlotName(int number) => number == 0 ? "shots.svg" : string.Create(CultureInfo.InvariantCulture, $"shots-{number + 1}.svg");

    private static void Line(StringBuilder csv, EvaluationRun run, string dataSet, string category, EvaluationMetrics metrics, int images, double seconds,
        string hash, IReadOnlyList<CategoryEvaluation> counted) => csv.AppendJoin(',',
    [
        CsvField.Of(run.Detector.Method), CsvField.Of(dataSet), run.Seed.ToString(CultureInfo.InvariantCulture), CsvField.Of(category),
        .. EvaluationMetrics.All.Select(m => CsvField.Of(m.Get(metrics).Value)),
        images.ToString(CultureInfo.InvariantCulture), seconds.ToString("0.######", CultureInfo.InvariantCulture), hash,
        CsvField.Of(run.Settings.GetValueOrDefault("shots", string.Empty)),
        counted.Sum(c => c.Uncovered?.Pixels ?? 0).ToString(CultureInfo.InvariantCulture),
        counted.Sum(c => c.Uncovered?.DefectPixels ?? 0).ToString(CultureInfo.InvariantCulture),
    ]).Append('\n');
}
