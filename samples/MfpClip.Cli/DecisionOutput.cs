using System.Globalization;
using MfpClip.Evaluation;
using MfpClip.Evaluation.Decisions;
using Spectre.Console;

namespace MfpClip.Cli;

/// <summary>Decisions of an evaluation with a calibration, as a table and as JSON.</summary>
internal static class DecisionOutput
{
    /// <summary>For <c>--json</c>: <see langword="null"/> where nothing was decided.</summary>
    public static object? Json(EvaluationRun run)
    {
        var decisions = Decided(run);
        return decisions.Count == 0 ? null : new
        {
            all = Figures(ConfusionMatrix.Sum([.. decisions.Select(d => d.Images!)])),
            categories = decisions.ToDictionary(d => d.Category, d => new
            {
                d.ImageThreshold, d.PixelThreshold, decisions = Figures(d.Images!),
                kinds = d.Kinds.Where(k => k.Kind is not null).ToDictionary(k => k.Kind!, k => new
                {
                    images = Rate(k.Images), defects = Rate(k.Defects),
                    image_auroc = new { k.Auroc.Value, k.AurocInterval?.Lower, k.AurocInterval?.Upper },
                }),
            }),
        };
    }

    /// <summary>A row a category and one a kind of defect; nothing where nothing was decided.</summary>
    public static void Print(EvaluationRun run)
    {
        var decisions = Decided(run);
        if (decisions.Count == 0)
        {
            return;
        }

        string[] titles = ["found", "missed", "recall", "false alarms", "accuracy", "defects found"];
        var table = new Table().Border(TableBorder.Simple).AddColumn(new TableColumn("category / kind").NoWrap())
            .AddColumns([.. titles.Select(t => new TableColumn(t).RightAligned().NoWrap())]);
        foreach (var d in decisions)
        {
            var defects = d.Kinds.FirstOrDefault(k => k.Kind is null)?.Defects ?? default;
            table.AddRow(Row(Markup.Escape(d.Category), d.Images!, defects));
            foreach (var kind in d.Kinds.Where(k => k.Kind is not null))
            {
                table.AddRow($"  {Markup.Escape(kind.Kind!)}", Number(kind.Images.Count), Number(kind.Images.Total - kind.Images.Count), Percent(kind.Images),
                    string.Empty, string.Empty, Percent(kind.Defects));
            }
        }

        var sum = ConfusionMatrix.Sum([.. decisions.Select(d => d.Images!)]);
        var all = decisions.SelectMany(d => d.Kinds.Where(k => k.Kind is null)).Aggregate(default(Proportion), (a, k) => a + k.Defects);
        table.AddEmptyRow().AddRow(Row("all images", sum, all));
        AnsiConsole.Write(table);
        string thresholds = string.Join(", ", decisions.Select(d => d.ImageThreshold).OfType<double>().Distinct().Select(
            t => t.ToString("0.####", CultureInfo.InvariantCulture)));
        Console.WriteLine($"Decisions at the calibration's threshold ({thresholds}): percent with Wilson intervals of 95 %. Recall: of defective images; false "
            + "alarms: of normal images; defects found: of the connected defects of the masks.");
    }

    private static List<CategoryDecisions> Decided(EvaluationRun run) =>
        [.. run.Categories.Select(CategoryDecisions.Of).Where(d => d is { IsCalibrated: true, Images: not null })];

    private static string[] Row(string name, ConfusionMatrix m, Proportion defects) =>
        [name, Number(m.Found), Number(m.Missed), Percent(m.Recall), Percent(m.FalseAlarmRate), Percent(m.Accuracy), Percent(defects)];

    private static object Figures(ConfusionMatrix m) => new
    {
        confusion = new { m.Found, m.Missed, m.FalseAlarms, m.Passed },
        accuracy = Rate(m.Accuracy), recall = Rate(m.Recall), miss_rate = Rate(m.MissRate), false_alarm_rate = Rate(m.FalseAlarmRate),
        precision = Rate(m.Precision),
    };

    private static object Rate(Proportion p) => new { p.Value, p.Lower, p.Upper, p.Count, p.Total };

    private static string Percent(Proportion p) => p.Value is { } v ? string.Create(
        CultureInfo.InvariantCulture, $"{100 * v:0.0} ({100 * p.Lower:0.0} to {100 * p.Upper:0.0})") : "n/a";

    private static string Number(int n) => n.ToString(CultureInfo.InvariantCulture);
}
