using System.Globalization;
using System.Text;
using MfpClip.Evaluation.Reports;
using MfpClip.Files;
using MfpClip.Output;

namespace MfpClip.Evaluation.Baselines;

/// <summary>The tables of a study: means of every line, then every category, a table a metric.</summary>
internal static class BaselineReport
{
    public static string Write(string folder, IReadOnlyList<(string Title, IReadOnlyList<EvaluationRun> Runs)> lines)
    {
        string path = Path.Combine(folder, "baselines.md");
        AtomicFile.WriteText(path, Markdown(lines));
        return path;
    }

    public static string Markdown(IReadOnlyList<(string Title, IReadOnlyList<EvaluationRun> Runs)> lines)
    {
        var methods = lines.Select(l => new MethodRuns(l.Title, l.Runs)).ToList();
        var metrics = EvaluationMetrics.All.Where(m => m.Key != "aupro_authors").ToList();
        var text = new StringBuilder();
        Add("Means over the categories", ["", .. metrics.Select(m => m.Title)], m => [m.Method, .. metrics.Select(k => m.Summarise(k.Get).ToString())]);
        text.Append(CultureInfo.InvariantCulture, $"Percent; {Categories(methods).Count} categories count the same{Seeds(methods)}.\n\n");
        text.AppendJoin(string.Empty, methods.SelectMany(m => m.Runs).SelectMany(r => r.Notes).Distinct(StringComparer.Ordinal).Select(n => $"{n}.\n\n"));
        foreach (var metric in metrics)
        {
            Add($"By category: {metric.Title}", ["", .. Categories(methods), "mean"], m =>
                [m.Method, .. Categories(methods).Select(c => m.Summarise(metric.Get, c).ToString()), m.Summarise(metric.Get).ToString()]);
        }

        return text.ToString();

        void Add(string title, IReadOnlyList<string> columns, Func<MethodRuns, IReadOnlyList<string>> row) =>
            text.Append(new ReportTable(title, columns, [.. methods.Select(row)]).ToMarkdown(level: 2)).Append('\n');
    }

    private static IReadOnlyList<string> Categories(List<MethodRuns> methods) => methods.Count == 0 ? [] : methods[0].Categories;

    private static string Seeds(List<MethodRuns> methods) => methods.Max(m => m.Runs.Count) is > 1 and var most
        ? $"; mean ± standard deviation of the sample where a line has several trainings (at most {most})" : string.Empty;
}
