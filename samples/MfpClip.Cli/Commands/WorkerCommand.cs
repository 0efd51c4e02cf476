using System.CommandLine;
using MfpClip.Cli.Distributed;
using MfpClip.Distributed;

namespace MfpClip.Cli.Commands;

/// <summary><c>mfpclip worker</c>: detects what is submitted to a server, until it is stopped.</summary>
internal static class WorkerCommand
{
    public static Command Create(Option<bool> json)
    {
        var roots = new Option<string[]>("--root")
        {
            Description = "Folders whose photos the worker may read, such as a mounted share. Nothing else is read, whatever a message says.",
            AllowMultipleArgumentsPerToken = true,
        };
        var hosts = new Option<string[]>("--host")
        {
            Description = "Hosts that the worker may read photos from by http and https; redirections are not followed.",
            AllowMultipleArgumentsPerToken = true,
        };
        var name = new Option<string?>("--name") { Description = "The worker's name in results and logs. Default: machine and process." };
        var batch = new Option<int?>("--batch")
        {
            Description = "Photos in one forward pass at most. Default: 1 on a CPU, where each has the values of 'detect', else the recipe's.",
        };
        var held = new Option<int>("--held")
        {
            Description = "Photos in hand at most; memory grows with them.", DefaultValueFactory = _ => new WorkerOptions().MaximumHeld,
        };
        var attempts = new Option<int>("--attempts")
        {
            Description = "Deliveries of a photo at most; then it is given up.", DefaultValueFactory = _ => new WorkerOptions().MaximumAttempts,
        };
        var health = new Option<int?>("--health-port")
        {
            Description = "Answer the health for orchestrators by http on this port: 200, or 503 to be replaced.",
        };
        var choice = new DetectorChoice();
        var server = new ServerChoice();
        var command = new Command("worker", "Detects the photos that are submitted to a NATS server, until it is stopped; ends after the work in hand.")
        {
            roots, hosts, name, batch, held, attempts, health,
        };
        server.AddTo(command, worker: true);
        choice.AddTo(command, defaultModel: true);
        choice.AddTilingTo(command);
        choice.AddReferencesTo(command);
        Failure.Run(command, json, async (parsed, cancellationToken) =>
        {
            var access = new ImageAccessOptions { Roots = parsed.GetValue(roots) ?? [], Hosts = parsed.GetValue(hosts) ?? [] };
            if (access is { Roots.Count: 0, Hosts.Count: 0 } || access.Faults().Count > 0)
            {
                throw new ArgumentException(access.Faults().Count > 0 ? string.Join(" | ", access.Faults())
                    : $"The worker may read no photo: name folders with {roots.Name} or hosts with {hosts.Name}.");
            }

            choice.RequireReferences(parsed);
            var (alone, notice) = choice.Build(parsed);
            using var detector = choice.WithReferences(parsed, alone, choice.ClassName(parsed, null), cancellationToken);
            await using var work = await server.ConnectAsync(parsed, cancellationToken);
            var options = new WorkerOptions
            {
                Name = parsed.GetValue(name) ?? new WorkerOptions().Name, BatchSize = parsed.GetValue(batch) ?? BatchOf(detector),
                MaximumHeld = parsed.GetValue(held), MaximumAttempts = parsed.GetValue(attempts),
            };
            using var telemetry = new TelemetryExport(options.Name);
            var worker = new DetectionWorker(detector, work, work, access.CreateStores(), options, work);
            bool asJson = parsed.GetValue(json);
            if (!asJson)
            {
                Console.WriteLine($"Worker {options.Name} takes work for detector {worker.Detector.Route} ({detector.Description.Method}).");
                Console.WriteLine(notice is null ? "Stop it with Ctrl+C or SIGTERM." : $"NOTE: {notice}");
            }

            using var endpoint = parsed.GetValue(health) is { } port ? new HealthEndpoint(port, worker, work.AckWait) : null;
            var state = await worker.RunAsync(cancellationToken);
            if (asJson)
            {
                CliJson.Print(new { worker = options.Name, detector = worker.Detector.Route, state.Completed, state.Duplicates, state.Retried, state.Dead });
            }
            else
            {
                Console.WriteLine($"Ended: {state.Completed} results, {state.Duplicates} that were there already, {state.Retried} put back, "
                    + $"{state.Dead} given up.");
            }

            return ExitCode.Success;
        });
        return command;
    }

    /// <summary>As <c>detect</c>: on a CPU a batch is hardly faster, and alone each photo has the values that it has in every other run.</summary>
    public static int? BatchOf(ZeroShotDetector detector) => detector.Description.Device.StartsWith("cpu", StringComparison.Ordinal) ? 1 : null;
}
