using System.CommandLine;
using MfpClip.Cli.Distributed;
using Spectre.Console;

namespace MfpClip.Cli.Commands;

/// <summary><c>mfpclip status</c>: how much work a server holds, and what was given up.</summary>
internal static class StatusCommand
{
    private const int Named = 20;

    public static Command Create(Option<bool> json)
    {
        var all = new Option<bool>("--all-dead") { Description = $"Name everything that was given up; otherwise the first {Named}." };
        var server = new ServerChoice();
        var command = new Command("status", "Says how much work a NATS server holds, for which detectors, and what was given up.") { all };
        server.AddTo(command);
        Failure.Run(command, json, async (parsed, cancellationToken) =>
        {
            await using var work = await server.ConnectAsync(parsed, cancellationToken);
            var status = await work.GetStatusAsync(cancellationToken);
            var dead = await work.ReadAllDeadAsync(cancellationToken).Take(parsed.GetValue(all) ? int.MaxValue : Named).ToListAsync(cancellationToken);
            if (parsed.GetValue(json))
            {
                CliJson.Print(new
                {
                    status.Results, status.Dead, status.Detectors,
                    given_up = dead.Select(d => new { d.Id, image = d.Item?.Image, cause = $"{d.Cause}", d.Reason, d.Attempts, d.Worker, d.Time }),
                });
                return ExitCode.Success;
            }

            var table = new Table().AddColumns("detector", "submitted", "pending", "in work", "redelivered", "workers");
            foreach (var d in status.Detectors)
            {
                table.AddRow(d.Route, $"{d.Submitted}", $"{d.Pending}", $"{d.AckPending}", $"{d.Redelivered}", d.HasWorkers ? "yes" : "none yet");
            }

            AnsiConsole.Write(table);
            Console.WriteLine($"{status.Results} results, {status.Dead} given up.");
            foreach (var d in dead)
            {
                Console.WriteLine($"{d.Id} ({d.Cause}, {d.Attempts} deliveries): {d.Reason}");
            }

            return ExitCode.Success;
        });
        return command;
    }
}
