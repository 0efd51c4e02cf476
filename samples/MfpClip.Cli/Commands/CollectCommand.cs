using System.CommandLine;
using MfpClip.Cli.Detecting;
using MfpClip.Cli.Distributed;
using MfpClip.Distributed;
using MfpClip.Output;

namespace MfpClip.Cli.Commands;

/// <summary><c>mfpclip collect</c>: the results of a job as <c>detect</c> writes them, in the order submitted.</summary>
internal static class CollectCommand
{
    private const string OtherDetector = "Name the recipe, weights and calibration that it was submitted with.";

    public static Command Create(Option<bool> json)
    {
        var output = new Option<string>("--out")
        {
            Description = "Folder for overlays, results.csv, results.json and the report.", DefaultValueFactory = _ => "mfpclip-results",
        };
        var job = new Option<string?>("--job") { Description = "Name of the job. Default: the one that was submitted to last." };
        var wait = new Option<bool>("--wait") { Description = "Wait for what has no result yet." };
        var hosts = new Option<string[]>("--host")
        {
            Description = "Hosts that photos are read from, to draw overlays.", AllowMultipleArgumentsPerToken = true,
        };
        var colors = new Option<ColorMap>("--colormap") { Description = "Colours of the map.", DefaultValueFactory = _ => ColorMap.Jet };
        var export = new Option<ExportFormat[]>("--export")
        {
            Description = "Also write the regions for annotation programs: coco or labelme.", AllowMultipleArgumentsPerToken = true,
        };
        var fail = new Option<bool>("--fail-on-anomaly") { Description = "Exit code 5 where an image is anomalous; with a calibration." };
        var choice = new DetectorChoice();
        var server = new ServerChoice();
        var command = new Command("collect", "Writes the results of a submitted job as 'detect' does, in the order submitted.")
        {
            output, job, wait, hosts, colors, export, fail,
        };
        server.AddTo(command);
        choice.AddTo(command, defaultModel: true);
        choice.AddTilingTo(command);
        choice.AddReferencesTo(command);
        Failure.Run(command, json, async (parsed, cancellationToken) =>
        {
            choice.RequireReferences(parsed);
            var (alone, notice) = choice.Build(parsed);
            using var detector = choice.WithReferences(parsed, alone, choice.ClassName(parsed, null), cancellationToken);
            await using var work = await server.ConnectAsync(parsed, cancellationToken);
            var fingerprint = DetectorFingerprint.Of(detector);
            var jobs = await work.GetJobsAsync(fingerprint, cancellationToken);
            string named = parsed.GetValue(job) ?? (jobs.Count > 0 ? jobs[^1]
                : throw new WorkException($"There is no job for detector {fingerprint.Route}. {OtherDetector}"));
            var items = await work.ReadJobAsync(fingerprint, named, cancellationToken).ToListAsync(cancellationToken);
            if (items.Count == 0)
            {
                throw new WorkException($"There is no job '{named}' for detector {fingerprint.Route}"
                    + (jobs.Count > 0 ? $"; there are {string.Join(", ", jobs)}." : $". {OtherDetector}"));
            }

            string[] names = [.. items.Select(i => ImageNames.Of(i.Image))];
            var options = new DetectionOutputOptions
            {
                Folder = parsed.GetValue(output)!, Pictures = new() { ColorMap = parsed.GetValue(colors) }, Exports = parsed.GetValue(export) ?? [],
                Notice = notice,
            };
            var collection = new JobCollection(detector, options, new(CollectedImage.Stores(names, parsed.GetValue(hosts) ?? [])));
            var outcomes = DetectionJob.CollectAsync(work, items.ToAsyncEnumerable(), parsed.GetValue(wait), cancellationToken).Select(CollectedImage.Of);
            var summary = ProgressBars.Run<double, DetectionSummary>(
                "collecting", progress => collection.RunAsync(names, outcomes, progress, cancellationToken).GetAwaiter().GetResult(),
                done => new(done, names.Length));
            summary.Print(parsed.GetValue(json), detector, notice);
            return summary.Code(parsed.GetValue(fail));
        });
        return command;
    }
}
