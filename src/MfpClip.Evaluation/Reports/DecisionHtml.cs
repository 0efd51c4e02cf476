using System.Globalization;
using MfpClip.Evaluation.Decisions;
using MfpClip.Output;

namespace MfpClip.Evaluation.Reports;

/// <summary>Decisions on a page: the figures a quality engineer reads first, the confusion matrix, and histograms of the scores.</summary>
internal static class DecisionHtml
{
    /// <summary>Figures and matrix of a method's first run; nothing where there is no threshold.</summary>
    public static void Write(TextWriter html, MethodRuns method, bool named)
    {
        var decisions = method.Runs[0].Categories.Select(CategoryDecisions.Of).ToList();
        if (decisions.Select(d => d.Images).OfType<ConfusionMatrix>().ToList() is not { Count: > 0 } matrices)
        {
            return;
        }

        bool calibrated = decisions.Any(d => d.IsCalibrated);
        var sum = ConfusionMatrix.Sum(matrices);
        string about = calibrated ? $"Decisions at the calibration's threshold {Thresholds(decisions)}"
            : $"Decisions at the best threshold of these images {Thresholds(decisions)}: optimistic, no calibration was given";
        html.Write($"<section class=\"decisions\"><h2>{(named ? HtmlPage.Encode(method.Method) + ": " : string.Empty)}{about}</h2><dl class=\"tiles\">");
        Tile(html, "recall", sum.Recall);
        Tile(html, "false-alarm rate", sum.FalseAlarmRate);
        Tile(html, "miss rate", sum.MissRate);
        Tile(html, "accuracy", sum.Accuracy);
        var defects = decisions.SelectMany(d => d.Kinds.Where(k => k.Kind is null)).Select(k => k.Defects).Aggregate(default(Proportion), (a, b) => a + b);
        Tile(html, "defects found", defects);
        html.Write("</dl><div class=\"scroll\" tabindex=\"0\"><table class=\"matrix\"><thead><tr><th></th><th>called anomalous</th><th>called normal"
            + "</th></tr></thead>");
        html.Write($"<tbody><tr><th>defective ({sum.Recall.Total})</th><td class=\"right\"><b>{sum.Found}</b> found</td><td class=\"{Wrong(sum.Missed)}\">"
            + $"<b>{sum.Missed}</b> missed</td></tr><tr><th>normal ({sum.FalseAlarmRate.Total})</th><td class=\"{Wrong(sum.FalseAlarms)}\"><b>{sum.FalseAlarms}"
            + $"</b> false alarms</td><td class=\"right\"><b>{sum.Passed}</b> passed</td></tr></tbody></table></div></section>\n");
    }

    /// <summary>Scores of normal images above those of defective ones, on one axis.</summary>
    public static string Histogram(CategoryEvaluation category)
    {
        ScoreSeries Series(string name, string color, bool defective) => new(
            name, color, [.. category.Outcomes.Where(o => (o.Defect is not null) == defective && float.IsFinite(o.Score)).Select(o => (double)o.Score)]);
        var decisions = CategoryDecisions.Of(category);
        return ScoreHistogram.Svg("Scores of the images", [[Series("normal", "var(--normal)", false)], [Series("defective", "var(--defect)", true)]],
            decisions.ImageThreshold, decisions.IsCalibrated ? "threshold" : "best F1");
    }

    private static void Tile(TextWriter html, string name, Proportion rate) => html.Write(rate.Value is { } v ? string.Create(CultureInfo.InvariantCulture,
        $"<div class=\"tile\"><dt>{name}</dt><dd>{100 * v:0.0} %</dd><dd class=\"range\">{rate.Count} of {rate.Total}; 95 %: {100 * rate.Lower:0.0} to "
            + $"{100 * rate.Upper:0.0}</dd></div>")
        : $"<div class=\"tile\"><dt>{name}</dt><dd>n/a</dd><dd class=\"range\">nothing to count</dd></div>");

    private static string Wrong(int count) => count > 0 ? "wrong" : "right";

    private static string Thresholds(List<CategoryDecisions> decisions)
    {
        double[] all = [.. decisions.Select(d => d.ImageThreshold).OfType<double>().Distinct().Order()];
        string F(double v) => v.ToString("0.####", CultureInfo.InvariantCulture);
        return all.Length == 1 ? F(all[0]) : $"of each category ({F(all[0])} to {F(all[^1])})";
    }
}
