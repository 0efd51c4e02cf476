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
        if (methods.Count > 1)
        {
            yield return Means(methods);
        }

        foreach (var method in methods)
        {
            yield return ByCategory(method);
        }

        yield return Published(methods);
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
        return new(method.Method, ["category", .. EvaluationMetrics.All.Select(m => m.Title), "images", "s / image"], rows) { Total = true, Notes = notes };
    }

    // The paper's layout: methods down, benchmarks across, each as image AUROC / image AP / pixel AUROC / AUPRO.
    private static ReportTable Published(IReadOnlyList<MethodRuns> methods)
    {
        string[] benchmarks = ["MVTec AD", "VisA"];
        var ours = methods.Select(m => (m.Method, Known: PublishedResults.MethodOf(m.Method),
            On: PublishedResults.Benchmark(m.Runs[0].Categories.Select(c => c.Key)) ?? m.Runs[0].DataSet, Runs: m)).ToList();
        string[] others = [.. ours.Select(o => o.On).Where(o => !benchmarks.Contains(o)).Distinct()];
        string Ours(string method, string on) => ours.Find(o => (o.Known ?? o.Method) == method && o.On == on) is { Runs: { } runs } ? string.Join(" / ", new[]
        {
            runs.Summarise(m => m.ImageAuroc), runs.Summarise(m => m.ImageAp), runs.Summarise(m => m.PixelAuroc), runs.Summarise(m => m.AuproAuthors),
        }.Select(s => s.ToString())) : "–";
        string Theirs(string method, string on, bool rerun) =>
            PublishedResults.All.FirstOrDefault(p => p.Method == method && p.Benchmark == on && p.IsRerun == rerun) is { } p
                ? string.Join(" / ", new[] { p.ImageAuroc, p.ImageAp, p.PixelAuroc, p.Aupro }
                    .Select(v => v?.ToString("0.0", CultureInfo.InvariantCulture) ?? "–")) : "–";
        string[] names = [.. PublishedResults.All.Select(p => p.Method).Concat(ours.Select(o => o.Known ?? o.Method)).Distinct()];
        return new(
            "Paper, reruns by others, ours", ["method", .. benchmarks.SelectMany(b => new[] { $"{b}: paper", $"{b}: rerun by others", $"{b}: ours" }),
                .. others.Select(o => $"{o}: ours")],
            [.. names.Select(n => (IReadOnlyList<string>)[n, .. benchmarks.SelectMany(b => new[] { Theirs(n, b, false), Theirs(n, b, true), Ours(n, b) }),
                .. others.Select(o => Ours(n, o))])])
        {
            Notes =
            [
                "Each cell: image AUROC / image AP / pixel AUROC / AUPRO (200 steps), percent, means over categories. –: not published, or not measured here.",
                "Published figures are of ViT-L/14@336 backbones (WinCLIP: ViT-B/16+), trained on the other of the two benchmarks. Sources: "
                    + string.Join("; ", PublishedResults.All.GroupBy(p => p.Source).Select(g =>
                        $"{string.Join(", ", g.Select(p => $"{p.Method}{(p.IsRerun ? " (rerun)" : string.Empty)}").Distinct())}: {g.Key}")) + ".",
            ],
        };
    }

    private static IEnumerable<string> Reasons(EvaluationRun run) =>
        run.Categories.SelectMany(c => EvaluationMetrics.All.Select(m => (m.Title, m.Get(c.Metrics).Reason, c.Key)).Where(r => r.Reason is not null))
            .GroupBy(r => (r.Key, r.Reason)).Select(g => $"{g.Key.Key}: {string.Join(", ", g.Select(r => r.Title))} not available, because {g.Key.Reason}.")
            .Concat(run.Categories.SelectMany(c => c.Notes.Select(n => $"{c.Key}: {n}.")));

    private static IEnumerable<string> Metrics(MethodRuns method, string? category) =>
        EvaluationMetrics.All.Select(m => method.Summarise(m.Get, category).ToString());

    private static string Count(int n) => n.ToString(CultureInfo.InvariantCulture);

    private static string Seconds(double s) => s.ToString("0.000", CultureInfo.InvariantCulture);
}
