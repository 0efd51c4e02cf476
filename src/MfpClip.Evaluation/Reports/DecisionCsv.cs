using System.Globalization;
using System.Text;
using MfpClip.Evaluation.Decisions;
using MfpClip.Output;

namespace MfpClip.Evaluation.Reports;

/// <summary>Decisions as comma-separated values: a line a run and category, and one for each kind of defect; fractions, empty without a value.</summary>
internal static class DecisionCsv
{
    private const string Header = "method,data_set,seed,category,kind,calibrated,image_threshold,pixel_threshold,found,missed,false_alarms,passed,accuracy,"
        + "accuracy_lower,accuracy_upper,recall,recall_lower,recall_upper,false_alarm_rate,false_alarm_rate_lower,false_alarm_rate_upper,image_auroc,"
        + "image_auroc_lower,image_auroc_upper,defects,defects_found,defect_recall,defect_recall_lower,defect_recall_upper\n";

    public static string Text(EvaluationReport report)
    {
        var csv = new StringBuilder(Header);
        foreach (var (run, category) in report.Runs.SelectMany(r => r.Categories.Select(c => (r, c))))
        {
            var decisions = CategoryDecisions.Of(category);
            foreach (var kind in decisions.Kinds)
            {
                Line(csv, run, category, decisions, kind);
            }

            if (decisions.Kinds.Count == 0)
            {
                Line(csv, run, category, decisions, null);
            }
        }

        return csv.ToString();
    }

    private static void Line(StringBuilder csv, EvaluationRun run, CategoryEvaluation category, CategoryDecisions decisions, KindSummary? kind)
    {
        var all = kind?.Kind is null ? decisions.Images : null;
        string Count(int? n) => n?.ToString(CultureInfo.InvariantCulture) ?? string.Empty;
        string[] Rate(Proportion? p) => [CsvField.Of(p?.Value), CsvField.Of(p?.Lower), CsvField.Of(p?.Upper)];
        var recall = all?.Recall ?? kind?.Images;
        csv.AppendJoin(',',
        [
            CsvField.Of(run.Detector.Method), CsvField.Of(category.DataSet), run.Seed.ToString(CultureInfo.InvariantCulture), CsvField.Of(category.Key),
            CsvField.Of(kind?.Kind ?? string.Empty), decisions.IsCalibrated ? "true" : "false", CsvField.Of(decisions.ImageThreshold),
            CsvField.Of(decisions.PixelThreshold), Count(recall?.Count), Count(recall?.Total - recall?.Count), Count(all?.FalseAlarms), Count(all?.Passed),
            .. Rate(all?.Accuracy), .. Rate(recall), .. Rate(all?.FalseAlarmRate), CsvField.Of(kind?.Auroc.Value), CsvField.Of(kind?.AurocInterval?.Lower),
            CsvField.Of(kind?.AurocInterval?.Upper), Count(kind?.Defects.Total), Count(kind?.Defects.Count), .. Rate(kind?.Defects),
        ]).Append('\n');
    }
}
