using System.Globalization;
using MfpClip.Output;

namespace MfpClip.Evaluation.Reports;

/// <summary>Published figures next to those of runs under the same protocol: same categories and images, same training data, same comparison.</summary>
internal static class PublishedTable
{
    private static readonly string[] Benchmarks = ["MVTec AD", "VisA"];

    // In the papers methods that train nothing carry no smoothing.
    private const string WithoutTraining = "WinCLIP";

    /// <summary>Methods down, benchmarks across; <see langword="null"/> where no run has the published protocol.</summary>
    public static ReportTable? Of(IReadOnlyList<MethodRuns> methods)
    {
        var ours = methods.Where(m => Difference(m) is null).Select(m => (Name: PublishedResults.MethodOf(m.Method)!, On: Benchmark(m)!, Runs: m)).ToList();
        if (ours.Count == 0)
        {
            return null;
        }

        string[] on = [.. Benchmarks.Where(b => ours.Any(o => o.On == b))];
        string[] names = [.. PublishedResults.All.Select(p => p.Method).Distinct()];
        string Ours(string method, string benchmark) => string.Join("; ", ours.Where(o => o.Name == method && o.On == benchmark).Select(o => string.Join(" / ",
            new[] { o.Runs.Summarise(m => m.ImageAuroc), o.Runs.Summarise(m => m.ImageAp), o.Runs.Summarise(m => m.PixelAuroc), o.Runs.Summarise(
                m => m.AuproAuthors) }.Select(s => s.ToString())))) is { Length: > 0 } figures ? figures : "–";
        var shown = PublishedResults.All.Where(p => on.Contains(p.Benchmark)).ToList();
        return new(
            "Paper, reruns by others, ours", ["method", .. on.SelectMany(b => new[] { $"{b}: paper", $"{b}: rerun by others", $"{b}: ours" })],
            [.. names.Select(n => (IReadOnlyList<string>)[n, .. on.SelectMany(b => new[] { Theirs(n, b, false), Theirs(n, b, true), Ours(n, b) })])])
        {
            Notes =
            [
                "Each cell: image AUROC / image AP / pixel AUROC / AUPRO (200 steps), percent, means over categories. "
                    + "–: not published, or not measured here.",
                "Same protocol: all test images of the benchmark, zero-shot, trained on the other benchmark (WinCLIP: not trained), maps and masks compared at "
                    + "the model's resolution, smoothed with sigma 4 px where the method is trained. Published figures are of ViT-L/14@336 backbones (WinCLIP: "
                    + "ViT-B/16+). Sources: " + string.Join("; ", shown.GroupBy(p => p.Source).Select(g =>
                        $"{string.Join(", ", g.Select(p => $"{p.Method}{(p.IsRerun ? " (rerun)" : string.Empty)}").Distinct())}: {g.Key}")) + ".",
            ],
        };
    }

    /// <summary>Why published figures of the method, or on the benchmark, are not shown; <see langword="null"/> where they are or there are none.</summary>
    public static string? WhyLeftOut(MethodRuns method) =>
        (PublishedResults.MethodOf(method.Method) is not null || Benchmark(method) is not null) && Difference(method) is { } difference
            ? $"Published figures are not shown, because they were measured under another protocol: {difference}." : null;

    private static string? Difference(MethodRuns method)
    {
        var run = method.Runs[0];
        string Setting(string name) => run.Settings.GetValueOrDefault(name, string.Empty);
        if (PublishedResults.MethodOf(method.Method) is not { } name)
        {
            return "the method is none of those published";
        }

        if (Benchmark(method) is not { } benchmark)
        {
            return "they are of all categories of MVTec AD or VisA";
        }

        string other = Benchmarks.Single(b => b != benchmark);
        return Setting("limit") != "none" ? "they are of all test images (--limit)"
            : Setting("shots") != "0" ? "they are zero-shot (--shots)"
            : !Setting("resolution").StartsWith("model", StringComparison.Ordinal) ? "they compare at the model's resolution (--resolution model)"
            : name != WithoutTraining && Setting("smoothing_sigma") != "4" ? "they smooth maps with sigma 4 px (--smooth 4)"
            : method.Runs.Any(r => r.TrainedOn is null) ? "what these modules were trained on is not recorded"
            : name == WithoutTraining ? method.Runs.Any(r => r.TrainedOn!.Count > 0) ? "they are without training" : null
            : method.Runs.Any(r => PublishedResults.Benchmark(r.TrainedOn!) != other) ? $"they are trained on {other}" : null;
    }

    private static string? Benchmark(MethodRuns method) => PublishedResults.Benchmark(method.Runs[0].Categories.Select(c => c.Key));

    private static string Theirs(string method, string on, bool rerun) =>
        PublishedResults.All.FirstOrDefault(p => p.Method == method && p.Benchmark == on && p.IsRerun == rerun) is { } p
            ? string.Join(" / ", new[] { p.ImageAuroc, p.ImageAp, p.PixelAuroc, p.Aupro }
                .Select(v => v?.ToString("0.0", CultureInfo.InvariantCulture) ?? "–")) : "–";
}
