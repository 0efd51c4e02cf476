using System.Globalization;
using MfpClip.Evaluation.Metrics;
using MfpClip.Output;

namespace MfpClip.Evaluation.Reports;

/// <summary>The tables of a report; figures in percent, as the field prints them.</summary>
internal static class ReportTables
{
    public static IEnumerable<ReportTable> Of(EvaluationReport report)
    {
        var methods = report.Methods;
        var detailed = report.Detailed.Select(m => m.Method).ToHashSet(StringComparer.Ordinal);
        foreach (var table in ShotSeries.Of(report).SelectMany(s => s.Tables()))
        {
            yield return table;
        }

        if (methods.Count > 1)
        {
            yield return Means(methods);
        }

        foreach (var method in methods)
        {
            yield return ByCategory(method);
            foreach (var table in detailed.Contains(method.Method) ? DecisionTables.Of(method) : [])
            {
                yield return table;
            }
        }

        if (PublishedTable.Of(methods) is { } published)
        {
            yield return published;
        }
    }

    private static ReportTable Means(IReadOnlyList<MethodRuns> methods) => new(
        "Means over the categories", ["method", .. EvaluationMetrics.All.Select(m => m.Title), "images", "s / image"],
        [.. methods.Select(m => (IReadOnlyList<string>)[m.Method, .. Metrics(m, null), Count(m.Runs[0].Images), Seconds(
            m.Runs.Average(r => r.SecondsPerImage))])]);

    private static ReportTable ByCategory(MethodRuns method)
    {
        var first = method.Runs[0];
        var rows = method.Categories.Select(key => (IReadOnlyList<string>)[
            key, .. Metrics(method, key), Count(first.Categories.First(c => c.Key == key).Images),
            Seconds(method.Runs.SelectMany(r => r.Categories).Where(c => c.Key == key).Average(c => c.SecondsPerImage))]).ToList();
        rows.Add(["mean", .. Metrics(method, null), Count(first.Images), Seconds(method.Runs.Average(r => r.SecondsPerImage))]);
        var notes = new List<string> { "Percent. Means count every category the same." };
        if (method.Runs.Count > 1)
        {
            notes.Add($"Mean and standard deviation over {method.Runs.Count} runs (seeds {string.Join(", ", method.Runs.Select(r => r.Seed))}).");
        }

        notes.AddRange(Reasons(first));
        notes.AddRange(PublishedTable.WhyLeftOut(method) is { } reason ? [reason] : Array.Empty<string>());
        return new(method.Method, ["category", .. EvaluationMetrics.All.Select(m => m.Title), "images", "s / image"], rows) { Total = true, Notes = notes };
    }

    private static IEnumerable<string> Reasons(EvaluationRun run) =>
        run.Categories.SelectMany(c => EvaluationMetrics.All.Select(m => (m.Title, m.Get(c.Metrics).Reason, c.Key)).Where(r => r.Reason is not null))
            .GroupBy(r => (r.Key, r.Reason)).Select(g => $"{g.Key.Key}: {string.Join(", ", g.Select(r => r.Title))} not available, because {g.Key.Reason}.")
            .Concat(run.Categories.SelectMany(c => c.AllNotes.Select(n => $"{c.Key}: {n}.")));

    private static IEnumerable<string> Metrics(MethodRuns method, string? category) =>
        EvaluationMetrics.All.Select(m => method.Summarise(m.Get, category).ToString());

    private static string Count(int n) => n.ToString(CultureInfo.InvariantCulture);

    private static string Seconds(double s) => s.ToString("0.000", CultureInfo.InvariantCulture);
}
