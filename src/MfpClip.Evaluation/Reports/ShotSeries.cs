using System.Globalization;
using MfpClip.Output;

namespace MfpClip.Evaluation.Reports;

/// <summary>One method over the number of normal images it was given, from the runs of a <c>ShotStudy</c>.</summary>
/// <param name="Method">Its name.</param>
/// <param name="Steps">By number of images, ascending.</param>
internal sealed record ShotSeries(string Method, IReadOnlyList<(string Shots, MethodRuns Runs)> Steps)
{
    /// <summary>Setting of runs that belong to a study: the method's name without references.</summary>
    public const string Setting = "without_references";

    /// <summary>What tables and plots are of.</summary>
    public static IReadOnlyList<(string Title, Func<EvaluationMetrics, Metrics.MetricValue> Get)> Metrics { get; } =
        [("image AUROC", m => m.ImageAuroc), ("pixel AUROC", m => m.PixelAuroc), ("AUPRO", m => m.Aupro)];

    /// <summary>All studies of a report.</summary>
    public static IReadOnlyList<ShotSeries> Of(EvaluationReport report)
    {
        var all = report.Methods.Where(m => m.Runs[0].Settings.ContainsKey(Setting)).GroupBy(m => m.Runs[0] is var r ? (Name: r.Settings[Setting], r.DataSet,
            EvaluationReport.Composition(r), Settings: string.Join(';', r.Settings.Where(s => s.Key is not ("shots" or "line" or "timing"
                or ReferenceDraw.SeedSetting)).OrderBy(s => s.Key, StringComparer.Ordinal))) : default).ToList();
        return [.. all.Select((g, i) => new ShotSeries(
            all.Count(o => o.Key.Name == g.Key.Name) > 1 ? $"{g.Key.Name} #{i + 1}" : g.Key.Name,
            [.. g.OrderBy(m => Order(Shots(m.Runs[0]))).Select(m => (Shots(m.Runs[0]), m))]))];
    }

    /// <summary>The number of images of a run in words: "4 normal images".</summary>
    public static string Images(EvaluationRun run) => Images(Shots(run));

    /// <summary>The same from <see cref="ReferenceDraw.Text"/>.</summary>
    public static string Images(string shots) => shots switch { "0" => "no normal image", "1" => "1 normal image", _ => $"{shots} normal images" };

    /// <summary>The figures over the number of images, then those of each category where there are several.</summary>
    public IEnumerable<ReportTable> Tables()
    {
        string[] seeds = [.. Steps.SelectMany(s => s.Runs.Runs).Select(r => r.Settings[ReferenceDraw.SeedSetting]).Distinct()];
        string drawn = "Normal images of train/good: seed 0 takes the first by name, other seeds draw at random, the same on every machine; a larger draw of a "
            + $"seed holds its smaller ones. results.json names them. Seeds here: {string.Join(", ", seeds)}.";
        yield return new(
            $"{Method}: over the number of normal images", ["normal images", .. Metrics.Select(m => m.Title), "draws"],
            [.. Steps.Select(s => (IReadOnlyList<string>)[
                Shown(s), .. Metrics.Select(m => s.Runs.Summarise(m.Get).ToString()), s.Runs.Runs.Count.ToString(CultureInfo.InvariantCulture)])])
        {
            Notes = ["Percent, means over the categories; of several draws mean \u00B1 standard deviation of the sample.", drawn],
        };
        if (Steps[0].Runs.Categories.Count > 1)
        {
            foreach (var (title, get) in Metrics)
            {
                yield return new(
                    $"{Method}: {title} by category", ["category", .. Steps.Select(Shown)],
                    [
                        .. Steps[0].Runs.Categories.Select(c => (IReadOnlyList<string>)[c, .. Steps.Select(s => s.Runs.Summarise(get, c).ToString())]),
                        ["mean", .. Steps.Select(s => s.Runs.Summarise(get).ToString())],
                    ]) { Total = true, Notes = ["Percent, over the number of normal images."] };
            }
        }
    }

    // "all" says little without a number where it is the same everywhere.
    private static string Shown((string Shots, MethodRuns Runs) step)
    {
        int[] counts = [.. step.Runs.Runs[0].Categories.Select(c => c.References.Count).Distinct().Order()];
        return step.Shots != "all" ? step.Shots : counts.Length == 1 ? $"all ({counts[0]})" : $"all ({counts[0]} to {counts[^1]})";
    }

    private static string Shots(EvaluationRun run) => run.Settings.GetValueOrDefault("shots", "0");

    private static int Order(string shots) => int.TryParse(shots, NumberStyles.None, CultureInfo.InvariantCulture, out int n) ? n : int.MaxValue;
}
