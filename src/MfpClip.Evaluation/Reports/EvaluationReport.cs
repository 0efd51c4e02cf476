using System.Text.Json.Nodes;
using System.Globalization;
using MfpClip.Evaluation.Metrics;

namespace MfpClip.Evaluation.Reports;

/// <summary>A metric over several runs.</summary>
/// <param name="Mean">Mean over the runs that have it; <see langword="null"/>: none has.</param>
/// <param name="Deviation">Standard deviation of the sample (n - 1); <see langword="null"/> with fewer than two runs.</param>
/// <param name="Runs">Runs that have it.</param>
/// <param name="Reason">Why there is none, or what was left out.</param>
public sealed record MetricSummary(double? Mean, double? Deviation, int Runs, string? Reason)
{
    /// <summary>Percent with one decimal and, of several runs, the deviation: "92.3 ± 0.4".</summary>
    public override string ToString() => Mean is not { } mean ? "n/a"
        : Deviation is { } sd ? string.Create(CultureInfo.InvariantCulture, $"{100 * mean:0.0} ± {100 * sd:0.0}") : (100 * mean)
            .ToString("0.0", CultureInfo.InvariantCulture);

    internal static MetricSummary Of(IReadOnlyList<MetricValue> values)
    {
        double[] there = [.. values.Where(v => v.Value is not null).Select(v => v.Value!.Value)];
        string? reason = values.FirstOrDefault(v => v.Reason is not null).Reason;
        if (there.Length == 0)
        {
            return new(null, null, 0, reason ?? "it was not measured");
        }

        double mean = there.Average();
        double? deviation = there.Length < 2 ? null : Math.Sqrt(there.Sum(v => (v - mean) * (v - mean)) / (there.Length - 1));
        return new(mean, deviation, there.Length, reason);
    }
}

/// <summary>Runs of one method on one set of data, one a seed.</summary>
/// <param name="Method">Name of the method.</param>
/// <param name="Runs">At least one.</param>
public sealed record MethodRuns(string Method, IReadOnlyList<EvaluationRun> Runs)
{
    /// <summary>Categories in the order of the first run.</summary>
    public IReadOnlyList<string> Categories => [.. Runs[0].Categories.Select(c => c.Key)];

    /// <summary>A metric of a category over the runs.</summary>
    /// <param name="get">The metric; see <see cref="EvaluationMetrics.All"/>.</param>
    /// <param name="category">Its key; <see langword="null"/>: the mean over categories.</param>
    public MetricSummary Summarise(Func<EvaluationMetrics, MetricValue> get, string? category = null)
    {
        ArgumentNullException.ThrowIfNull(get);
        return MetricSummary.Of([.. Runs.Select(r => category is null ? get(r.Mean)
            : r.Categories.FirstOrDefault(c => c.Key == category) is { } found ? get(found.Metrics) : MetricValue.NotAvailable(
                "the run lacks this category"))]);
    }
}

/// <summary>Runs to be shown together: several seeds of a method, several methods on the same data.</summary>
/// <param name="Runs">At least one.</param>
public sealed record EvaluationReport(IReadOnlyList<EvaluationRun> Runs)
{
    /// <summary>By method, in the order of the first run of each; runs with other settings, data or training stay separate.</summary>
    public IReadOnlyList<MethodRuns> Methods
    {
        get
        {
            // Two folders of one name are two sets of data: their categories tell.
            var groups = Runs.GroupBy(r => (r.Detector.Method, r.DataSet,
                Categories: string.Join(';', r.Categories.Select(c => $"{c.DataSet}/{c.Key}")),
                Settings: string.Join(';', r.Settings.Where(s => !Differing.Contains(s.Key)).OrderBy(s => s.Key, StringComparer.Ordinal)),
                Stages: string.Join(';', r.Detector.Stages.Select(Identity)))).ToList();
            var shared = groups.GroupBy(g => g.Key.Method).Where(g => g.Count() > 1).Select(g => g.Key).ToHashSet(StringComparer.Ordinal);
            string Name(string method, EvaluationRun run, int number) => !shared.Contains(method) ? method
                : run.Settings.ContainsKey(ShotSeries.Setting) ? $"{method}, {ShotSeries.Images(run)}" : $"{method} #{number}";
            var methods = groups.Select((g, i) => new MethodRuns(Name(g.Key.Method, g.First(), i + 1), [.. g])).ToList();
            // Two studies of one method.
            var twice = methods.GroupBy(m => m.Method).Where(g => g.Count() > 1).Select(g => g.Key).ToHashSet(StringComparer.Ordinal);
            return [.. methods.Select((m, i) => twice.Contains(m.Method) ? m with { Method = $"{m.Method} #{i + 1}" } : m)];
        }
    }

    /// <summary>Methods whose categories, decisions and cases are shown: of a study of normal images the one with the most.</summary>
    internal IReadOnlyList<MethodRuns> Detailed
    {
        get
        {
            var few = ShotSeries.Of(this).SelectMany(s => s.Steps.SkipLast(1)).Select(s => s.Runs.Method).ToHashSet(StringComparer.Ordinal);
            return [.. Methods.Where(m => !few.Contains(m.Method))];
        }
    }

    /// <summary>What runs of one method are made of, whatever they were drawn by: stages with their settings, without references.</summary>
    internal static string Composition(EvaluationRun run) =>
        string.Join(';', run.Detector.Stages.Where(s => s.Id is not "references").Select(Identity));

    // Settings that runs of one method may differ in.
    private static readonly HashSet<string> Differing = new([ReferenceDraw.SeedSetting, "timing"], StringComparer.Ordinal);

    // Runs of other seeds of initialization are runs of one method. Runs written by version 0.1 have texts only.
    private static string Identity(StageDescription stage)
    {
        if (stage.Implementation.Length == 0)
        {
            return $"{stage.Stage}={stage.Component}({string.Join(',', stage.Options)})";
        }

        var settings = JsonNode.Parse(stage.Settings);
        RemoveSeeds(settings);
        return $"{stage.Id}={stage.Implementation}{settings?.ToJsonString()}";
    }

    private static void RemoveSeeds(JsonNode? node)
    {
        if (node is JsonObject settings)
        {
            settings.Remove("seed");
            foreach (var (_, value) in settings)
            {
                RemoveSeeds(value);
            }
        }
        else if (node is JsonArray items)
        {
            foreach (var item in items)
            {
                RemoveSeeds(item);
            }
        }
    }
}
