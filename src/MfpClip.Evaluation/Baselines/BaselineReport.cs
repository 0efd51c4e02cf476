using System.Globalization;
using System.Text;
using MfpClip.Evaluation.Reports;
using MfpClip.Files;

namespace MfpClip.Evaluation.Baselines;

/// <summary>The tables of a study: means of every line, then every category, a table a metric.</summary>
internal static class BaselineReport
{
    public static string Write(string folder, IReadOnlyList<(string Title, IReadOnlyList<EvaluationRun> Runs)> lines)
    {
        string path = Path.Combine(folder, "baselines.md");
        AtomicFile.Write(path, s =>
        {
            using var writer = new StreamWriter(s, new UTF8Encoding(false), leaveOpen: true);
            writer.Write(Markdown(lines));
        });
        return path;
    }

    public static string Markdown(IReadOnlyList<(string Title, IReadOnlyList<EvaluationRun> Runs)> lines)
    {
        var methods = lines.Select(l => new MethodRuns(l.Title, l.Runs)).ToList();
        var metrics = EvaluationMetrics.All.Where(m => m.Key != "aupro_authors").ToList();
        var text = new StringBuilder("## Means over the categories\n\n");
        Table(text, ["", .. metrics.Select(m => m.Title)], methods.Select(m => (IEnumerable<string>)[m.Method, .. metrics.Select(k => m.Summarise(k.Get).ToString())]));
        text.Append(CultureInfo.InvariantCulture, $"Percent; {Categories(methods).Count} categories count the same{Seeds(methods)}.\n\n");
        foreach (var metric in metrics)
        {
            text.Append(CultureInfo.InvariantCulture, $"## By category: {metric.Title}\n\n");
            Table(text, ["", .. Categories(methods), "mean"], methods.Select(m => (IEnumerable<string>)
                [m.Method, .. Categories(methods).Select(c => m.Summarise(metric.Get, c).ToString()), m.Summarise(metric.Get).ToString()]));
        }

        return text.ToString();
    }

    private static IReadOnlyList<string> Categories(List<MethodRuns> methods) => methods.Count == 0 ? [] : methods[0].Categories;

    private static string Seeds(List<MethodRuns> methods) => methods.Max(m => m.Runs.Count) is > 1 and var most
        ? $"; mean ± standard deviation of the sample where a line has several trainings (at most {most})" : string.Empty;

    private static void Table(StringBuilder text, IEnumerable<string> head, IEnumerable<IEnumerable<string>> rows)
    {
        string[] columns = [.. head];
        text.Append("| ").AppendJoin(" | ", columns).Append(" |\n| --- |").Insert(text.Length, " ---: |", columns.Length - 1).Append('\n');
        foreach (var row in rows)
        {
            text.Append("| ").AppendJoin(" | ", row).Append(" |\n");
        }

        text.Append('\n');
    }
}
