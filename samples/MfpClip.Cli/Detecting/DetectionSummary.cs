using System.Globalization;
using MfpClip.Output;
using Spectre.Console;

namespace MfpClip.Cli.Detecting;

/// <summary>What a run did, as it is printed.</summary>
internal sealed record DetectionSummary
{
    public required IReadOnlyList<DetectedRow> Results { get; init; }

    /// <summary>Photos, references and outputs that failed.</summary>
    public required IReadOnlyList<string> Failures { get; init; }

    /// <summary>What was met and not taken as an image.</summary>
    public IReadOnlyList<SkippedFile> Skipped { get; init; } = [];

    /// <summary>Reports of the whole run that could not be written.</summary>
    public required IReadOnlyList<string> ReportFailures { get; init; }

    public required string? Report { get; init; }

    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>Photos that could be read.</summary>
    public required int Readable { get; init; }

    /// <summary>Photos that were not detected any more.</summary>
    public required int NotDone { get; init; }

    /// <summary>What results say for their readers, once each with the number of their images.</summary>
    public IReadOnlyList<string> Notices { get; init; } = [];

    public required bool IsCancelled { get; init; }

    public int Code(bool failOnAnomaly) => IsCancelled ? ExitCode.Cancelled : ReportFailures.Count > 0 ? ExitCode.Error
        : Readable == 0 ? ExitCode.NothingReadable : Results.Count == 0 ? ExitCode.Error : Failures.Count > 0 ? ExitCode.SomeFailed
        : failOnAnomaly && Results.Any(r => r.Anomalous == true) ? ExitCode.AnomalyFound : ExitCode.Success;

    public void Print(bool json, ZeroShotDetector detector, string? notice)
    {
        if (json)
        {
            CliJson.Print(new
            {
                results = Results, failures = Failures.Concat(ReportFailures), skipped = ImageFiles.AsJson(Skipped), notice,
                references = detector.IsBatched ? null : detector.References?.Images,
                warnings = detector.References?.Warnings ?? [], Notices, Report, Files, cancelled = IsCancelled, NotDone, method = detector.Description.Method,
                weights_hash = detector.Description.WeightsHash,
            });
        }
        else if (Results.Count > 0)
        {
            PrintTable();
            string more = Files.Count > 0 ? $" ({string.Join(", ", Files.Select(Path.GetFileName))} beside it)" : string.Empty;
            Console.WriteLine(Report is null ? "No report was written." : $"Overlays, overview.png and report: {Report}{more}");
            string[] last = notice is null ? [] : [notice];
            foreach (string note in (IEnumerable<string>)[.. detector.References?.Warnings ?? [], .. Notices, .. last])
            {
                Console.WriteLine($"NOTE: {note}");
            }
        }

        foreach (string failure in Failures.Concat(ReportFailures))
        {
            Failure.Tell(failure);
        }

        if (IsCancelled)
        {
            Failure.Tell($"Cancelled: {NotDone} images were not detected any more; what came before is written.");
        }
        else if (Readable == 0)
        {
            Failure.Tell("No image could be read: nothing was written.");
        }
    }

    private void PrintTable()
    {
        var table = new Table().AddColumns("image", "score", "decision", "regions", "ms");
        foreach (var (r, name) in Results.Zip(DistinctNames.Of([.. Results.Select(r => r.Image)])))
        {
            table.AddRow(Markup.Escape(name), Number(r.Score), r.Anomalous switch { true => "anomalous", false => "normal", _ => "-" },
                $"{r.Regions.Count}", Number(r.Milliseconds));
        }

        AnsiConsole.Write(table);
    }

    private static string Number(double v) => v.ToString("0.###", CultureInfo.InvariantCulture);
}
