using System.CommandLine;
using MfpClip.Cli.Detecting;
using MfpClip.Cli.Distributed;
using MfpClip.Distributed;
using MfpClip.Output;

namespace MfpClip.Cli.Commands;

/// <summary><c>mfpclip submit</c>: photos into the queue of a server, or through queue and worker in this process.</summary>
internal static class SubmitCommand
{
    public static Command Create(Option<bool> json)
    {
        var images = new Argument<string[]>("images")
        {
            Description = "Photos, folders, URIs, lists (.txt, a path or URI a line), or - for a list on the standard input.", Arity = ArgumentArity.ZeroOrMore,
        };
        var name = new Option<string?>("--class") { Description = "What the photos show, in words. Default: as the calibration says, else \"object\"." };
        var job = new Option<string?>("--job") { Description = "Name of the job. Default: the time and eight digits." };
        var hosts = new Option<string[]>("--host")
        {
            Description = "Hosts that photos are read from by http and https, to hash them.", AllowMultipleArgumentsPerToken = true,
        };
        var output = new Option<string>("--out")
        {
            Description = "Without a server: folder for what 'detect' writes.", DefaultValueFactory = _ => "mfpclip-results",
        };
        var colors = new Option<ColorMap>("--colormap") { Description = "Without a server: colours of the map.", DefaultValueFactory = _ => ColorMap.Jet };
        var choice = new DetectorChoice();
        var server = new ServerChoice();
        var command = new Command("submit", "Submits photos to the workers of a NATS server; without one, detects them in this process over the same code.")
        {
            images, name, job, hosts, output, colors,
        };
        server.AddTo(command);
        choice.AddTo(command, defaultModel: true);
        choice.AddTilingTo(command);
        choice.AddReferencesTo(command);
        command.Excludes(server.Url, "'mfpclip collect --out' writes the results.", output, colors);
        Failure.Run(command, json, async (parsed, cancellationToken) =>
        {
            bool asJson = parsed.GetValue(json);
            string[] arguments = parsed.GetValue(images) ?? [];
            var (uris, found) = ImageList.Read(arguments, asJson);
            if (uris.Count == 0)
            {
                return Failure.Report(ImageFiles.None(arguments.Length > 0 ? arguments : ["-"], found), asJson, ExitCode.NothingReadable);
            }

            choice.CheckClass(parsed, name);
            choice.RequireReferences(parsed);
            var (alone, notice) = choice.Build(parsed);
            string className = choice.ClassName(parsed, parsed.GetValue(name)), named = parsed.GetValue(job) ?? DetectionJob.NewName();
            using var detector = choice.WithReferences(parsed, alone, className, cancellationToken);
            string[] faults = [.. found.Faults.Select(ImageFiles.Line), .. choice.UnreadableReferences];
            var stores = CollectedImage.Stores(found.Images, parsed.GetValue(hosts) ?? []);
            using var telemetry = new TelemetryExport(new WorkerOptions().Name);
            if (!server.IsNamed(parsed))
            {
                var outputs = new DetectionOutputOptions
                {
                    Folder = parsed.GetValue(output)!, Pictures = new() { ColorMap = parsed.GetValue(colors) }, Notice = notice,
                };
                var summary = Detect(detector, stores, uris, found.Images, className, named, outputs, cancellationToken);
                summary = summary with { Skipped = found.Skipped, Failures = [.. faults, .. summary.Failures] };
                summary.Print(asJson, detector, notice);
                return summary.Code(failOnAnomaly: false);
            }

            await using var work = await server.ConnectAsync(parsed, cancellationToken);
            var fingerprint = DetectorFingerprint.Of(detector);
            var (submitted, failures) = Submit(work, new(stores), fingerprint, uris, className, named, cancellationToken);
            bool workers = (await work.GetStatusAsync(cancellationToken)).Detectors.Any(d => d.Route == fingerprint.Route && d.HasWorkers);
            failures = [.. faults, .. failures];
            if (asJson)
            {
                CliJson.Print(new
                {
                    job = named, submitted, detector = fingerprint.Route, has_workers = workers, failures, skipped = ImageFiles.AsJson(found.Skipped),
                });
            }
            else
            {
                Console.WriteLine($"Job {named}: {submitted} images submitted for detector {fingerprint.Route}. Collect with 'mfpclip collect --job {named}'.");
                if (!workers)
                {
                    Console.WriteLine("NOTE: no worker with this detector has taken work yet; they wait for one with this recipe, weights and calibration.");
                }
            }

            failures.ForEach(Failure.Tell);
            return submitted == 0 ? ExitCode.NothingReadable : failures.Count > 0 ? ExitCode.SomeFailed : ExitCode.Success;
        });
        return command;
    }

    private static DetectionSummary Detect(
        ZeroShotDetector detector, IReadOnlyList<IImageStore> stores, IReadOnlyList<Uri> uris, IReadOnlyList<string> names, string className, string job,
        DetectionOutputOptions outputs, CancellationToken cancellationToken)
    {
        var process = new OneProcess(detector, stores, new() { BatchSize = WorkerCommand.BatchOf(detector) });
        var collection = new JobCollection(detector, outputs, new(stores));
        return ProgressBars.Run<double, DetectionSummary>(
            "detecting",
            progress => collection.RunAsync(names, process.RunAsync(uris, className, job, cancellationToken), progress, cancellationToken)
                .GetAwaiter().GetResult(),
            done => new(done, uris.Count));
    }

    private static (int Submitted, List<string> Failures) Submit(
        NatsWork work, ImageFetcher fetcher, DetectorFingerprint fingerprint, IReadOnlyList<Uri> uris, string className, string job,
        CancellationToken cancellationToken)
    {
        return ProgressBars.Run<int, (int, List<string>)>("submitting", p => RunAsync(p).GetAwaiter().GetResult(), done => new(done, uris.Count));

        async Task<(int, List<string>)> RunAsync(IProgress<int> progress)
        {
            var (submitted, done, failures) = (0, 0, new List<string>());
            await foreach (var submission in DetectionJob.SubmitAsync(work, fetcher, fingerprint, uris, className, job, cancellationToken))
            {
                progress.Report(++done);
                submitted += submission.Item is null ? 0 : 1;
                if (submission.Error is { } error)
                {
                    failures.Add(error.Message);
                }
            }

            return (submitted, failures);
        }
    }
}
