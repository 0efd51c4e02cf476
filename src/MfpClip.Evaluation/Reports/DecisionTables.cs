using System.Globalization;
using MfpClip.Evaluation.Decisions;
using MfpClip.Output;

namespace MfpClip.Evaluation.Reports;

/// <summary>Tables of decisions: rates of a category at its threshold, and each kind of defect. Of several runs the first is shown.</summary>
internal static class DecisionTables
{
    public static IEnumerable<ReportTable> Of(MethodRuns method)
    {
        var decisions = method.Runs[0].Categories.Select(CategoryDecisions.Of).ToList();
        string seed = method.Runs.Count > 1 ? $" (seed {method.Runs[0].Seed})" : string.Empty;
        if (decisions.Any(d => d.Images is not null))
        {
            yield return Rates(decisions, $"{method.Method}: decisions{seed}");
        }

        if (decisions.Any(d => d.Kinds.Count > 0))
        {
            yield return Kinds(decisions, $"{method.Method}: kinds of defect{seed}");
        }
    }

    private static ReportTable Rates(List<CategoryDecisions> decisions, string title)
    {
        string[] Row(string name, string threshold, ConfusionMatrix m) =>
        [
            name, threshold, $"{m.Recall}", $"{m.MissRate}", $"{m.FalseAlarmRate}", $"{m.Accuracy}", $"{m.Precision}",
        ];
        var rows = decisions.Where(d => d.Images is not null).Select(d => (IReadOnlyList<string>)Row(d.Category, Number(d.ImageThreshold), d.Images!)).ToList();
        rows.Add(Row("all images", string.Empty, ConfusionMatrix.Sum([.. decisions.Select(d => d.Images).OfType<ConfusionMatrix>()])));
        return new(title, ["category", "threshold", "recall", "miss rate", "false-alarm rate", "accuracy", "precision"], rows)
        {
            Total = true, Notes =
            [
                Threshold(decisions, "score"),
                "Percent with Wilson intervals of 95 %. Recall and miss rate are of defective images, the false-alarm rate is of normal ones, "
                    + "precision of those "
                    + "called anomalous.",
            ],
        };
    }

    private static ReportTable Kinds(List<CategoryDecisions> decisions, string title) => new(
        title, ["category", "kind", "image AUROC", "images found", "pixel threshold", "defects found"],
        [.. decisions.SelectMany(d => d.Kinds.Where(k => k.Kind is not null || d.Kinds.Count > 2).Select(k => (IReadOnlyList<string>)[
            k.Category, k.Kind ?? "all kinds", k.AurocInterval is { } i ? $"{k.Auroc} ({Percent(i.Lower)} to {Percent(i.Upper)})" : k.Auroc.ToString(),
            k.Images.ToString(), Number(d.PixelThreshold), k.Defects.ToString()]))])
    {
        Notes =
        [
            Threshold(decisions, "pixel"),
            string.Create(CultureInfo.InvariantCulture, $"Percent with intervals of 95 %: DeLong for AUROC (Newcombe where all images are in order), "
                + $"Wilson else. "
                + $"AUROC: the kind against all normal images of its category. A defect is a connected region of a mask (8 neighbours); it is found "
                + $"where at least "
                + $"{100 * DefectOutcome.FoundFraction:0} % of its pixels are at or above the pixel threshold. n/a: no mask, or no threshold."),
        ],
    };

    private static string Threshold(List<CategoryDecisions> decisions, string of) => decisions.Any(d => d.IsCalibrated)
        ? $"The {of} threshold is the calibration's."
        : $"Without a calibration: the {of} threshold is the one with the best F1 on these very images, so the rates are optimistic. 'mfpclip calibrate' makes "
            + "a threshold, and 'evaluate --calibration' measures it.";

    private static string Number(double? v) => v?.ToString("0.####", CultureInfo.InvariantCulture) ?? "n/a";

    private static string Percent(double v) => (100 * v).ToString("0.0", CultureInfo.InvariantCulture);
}
