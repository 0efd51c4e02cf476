using System.Globalization;
using MfpClip.Files;
using MfpClip.Output;

namespace MfpClip.Evaluation.SmallDefects;

/// <summary>Tables and plots of a <see cref="SmallDefectStudy"/>.</summary>
public static class SmallDefectReport
{
    /// <summary>Writes <c>small-defects.md</c>, <c>small-defects.csv</c> and <c>small-defects.svg</c>.</summary>
    /// <param name="folder">Made if it is not there.</param>
    /// <param name="figures">Rows of the study.</param>
    /// <exception cref="OutputException">A file cannot be written.</exception>
    public static void Write(string folder, IReadOnlyList<SmallDefectFigures> figures)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        ArgumentNullException.ThrowIfNull(figures);
        try
        {
            Directory.CreateDirectory(folder);
            AtomicFile.WriteText(Path.Combine(folder, "small-defects.svg"), Plot(figures));
            AtomicFile.WriteText(Path.Combine(folder, "small-defects.csv"), Csv(figures));
            AtomicFile.WriteText(Path.Combine(folder, "small-defects.md"),
                $"![Recall over the size of defects](small-defects.svg)\n\n{Markdown(figures)}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new OutputException(folder, $"it cannot be written ({e.Message}).", e);
        }
    }

    /// <summary>A table for each size of picture.</summary>
    /// <param name="figures">Rows of the study.</param>
    public static string Markdown(IReadOnlyList<SmallDefectFigures> figures)
    {
        ArgumentNullException.ThrowIfNull(figures);
        return string.Join('\n', figures.GroupBy(f => (f.Width, f.Height)).SelectMany(g => new[] { Table([.. g]), OwnThresholds([.. g]) })
            .Select(t => t.ToMarkdown()));
    }

    /// <summary>Recall over the size of defects as SVG, a plot for each size of picture beside each other.</summary>
    /// <param name="figures">Rows of the study.</param>
    public static string Plot(IReadOnlyList<SmallDefectFigures> figures)
    {
        ArgumentNullException.ThrowIfNull(figures);
        return RecallPlot.Svg(figures);
    }

    /// <summary>A line a row of the study and size of defect; fractions and seconds, empty where there is no value.</summary>
    /// <param name="figures">Rows of the study.</param>
    public static string Csv(IReadOnlyList<SmallDefectFigures> figures)
    {
        ArgumentNullException.ThrowIfNull(figures);
        var lines = figures.SelectMany(f => f.Recall.Sizes.Select(s => string.Join(',',
        [
            CsvField.Of(f.Line), Number(f.Width), Number(f.Height), Number(s.Size), Number(s.Found),
            Number(f.RecallAtOwnThresholds.First(o => o.Size == s.Size).Found), Number(s.Count),
            CsvField.Of(f.PixelAuroc.Value), CsvField.Of(f.Aupro.Value), CsvField.Of(f.Seconds), CsvField.Of(f.ProcessorSeconds), Number(f.Tiles),
            Number(f.TileSide), CsvField.Of(f.ProcessorSecondsOfOne),
        ])));
        return "detector,width,height,size,found,found_at_own_thresholds,defects,pixel_auroc,aupro,seconds,processor_seconds,tiles,tile_side,"
            + "processor_seconds_of_one\n" + string.Concat(lines.Select(l => l + "\n"));
    }

    private static ReportTable Table(IReadOnlyList<SmallDefectFigures> rows)
    {
        var recall = rows[0].Recall;
        int[] sizes = [.. rows.SelectMany(r => r.Recall.Sizes).Select(s => s.Size).Distinct().Order()];
        return new(
            FormattableString.Invariant($"Pictures of {rows[0].Megapixels:0.#} megapixels ({rows[0].Width} x {rows[0].Height})"),
            ["detector", .. sizes.Select(s => $"{s} px"), "all", "pixel AUROC", "AUPRO", "tiles", "side", "s / picture", "CPU s / picture", "cost / tile"],
            [.. rows.Select(r => (IReadOnlyList<string>)[
                r.Line, .. sizes.Select(s => r.Recall.Sizes.FirstOrDefault(x => x.Size == s) is { } x ? Percent(x.Recall) : "n/a"), r.Recall.Recall.ToString(),
                r.PixelAuroc.ToString(), r.Aupro.ToString(), Number(r.Tiles), r.TileSide == 0 ? "whole" : Number(r.TileSide),
                r.Seconds.ToString("0.00", CultureInfo.InvariantCulture), r.ProcessorSeconds.ToString("0.00", CultureInfo.InvariantCulture),
                r.TileSide == 0 ? string.Empty : r.CostPerTile.ToString("0.00", CultureInfo.InvariantCulture)])])
        {
            Notes =
            [
                $"Recall in percent of the defects of each size at one false region a picture on average, {recall.Pictures} pictures; defects: "
                    + $"{string.Join(", ", recall.Sizes.Select(s => $"{s.Count} of {s.Size} px"))}.",
                "Cost of a tile as a multiple of one detection, in processor time.",
            ],
        };
    }

    private static ReportTable OwnThresholds(IReadOnlyList<SmallDefectFigures> rows)
    {
        int[] sizes = [.. rows.SelectMany(r => r.RecallAtOwnThresholds).Select(s => s.Size).Distinct().Order()];
        return new(
            FormattableString.Invariant($"Pictures of {rows[0].Megapixels:0.#} megapixels, a threshold for each product"),
            ["detector", .. sizes.Select(s => $"{s} px"), "all"],
            [.. rows.Select(r => (IReadOnlyList<string>)[
                r.Line, .. sizes.Select(s => r.RecallAtOwnThresholds.FirstOrDefault(x => x.Size == s) is { } x ? Percent(x.Recall) : "n/a"),
                Percent((double)r.RecallAtOwnThresholds.Sum(x => x.Found) / Math.Max(r.RecallAtOwnThresholds.Sum(x => x.Count), 1))])])
        {
            Notes = ["Recall in percent at one false region a picture of each product, as a calibration from its normal pictures sets it."],
        };
    }

    private static string Percent(double v) => (100 * v).ToString("0.0", CultureInfo.InvariantCulture);

    private static string Number(int n) => n.ToString(CultureInfo.InvariantCulture);
}
