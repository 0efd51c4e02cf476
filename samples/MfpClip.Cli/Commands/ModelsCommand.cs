using System.CommandLine;
using MfpClip.Models;
using Spectre.Console;

namespace MfpClip.Cli.Commands;

/// <summary><c>mfpclip models</c>: what can be fetched, fetching it, checking it.</summary>
internal static class ModelsCommand
{
    public static Command Create(Option<bool> json) => new("models", "Lists, fetches and verifies published models.") { List(json), Get(json), Verify(json) };

    private static Command List(Option<bool> json)
    {
        var command = new Command("list", "Lists the models of the catalogue.");
        Failure.Run(command, json, (parsed, _) =>
        {
            var store = new ModelStore();
            var rows = ModelCatalogue.Models.Select(m =>
                new { m.Name, m.Repository, m.Revision, m.Licence, Sha256 = m.Files[0].Sha256, Here = store.IsComplete(m.Name) }).ToList();
            if (parsed.GetValue(json))
            {
                CliJson.Print(rows);
                return Task.FromResult(0);
            }

            var table = new Table().AddColumns("name", "source", "revision", "licence", "here");
            rows.ForEach(r => table.AddRow(r.Name, r.Repository, r.Revision[..Math.Min(12, r.Revision.Length)], r.Licence, r.Here ? "yes" : "no"));
            AnsiConsole.Write(table);
            return Task.FromResult(0);
        });
        return command;
    }

    private static Command Get(Option<bool> json)
    {
        var name = new Argument<string>("name") { Description = "Name of a model." };
        var command = new Command("get", "Fetches a model into the Hugging Face cache; resumes what broke off.") { name };
        Failure.Run(command, json, async (parsed, cancellationToken) =>
        {
            string model = ModelCatalogue.Find(parsed.GetValue(name)!).Name;
            string path = parsed.GetValue(json)
                ? await new ModelStore().EnsureAsync(model, cancellationToken: cancellationToken)
                : await AnsiConsole.Progress().Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new DownloadedColumn(), new TransferSpeedColumn())
                    .StartAsync(async progress =>
                {
                    var tasks = new Dictionary<string, ProgressTask>();
                    return await new ModelStore().EnsureAsync(model, new DirectProgress<DownloadProgress>(p =>
                    {
                        if (!tasks.TryGetValue(p.File, out var task))
                        {
                            tasks[p.File] = task = progress.AddTask(p.File, maxValue: p.Total ?? p.Received);
                        }

                        task.Value = p.Received;
                    }), cancellationToken);
                });
            if (parsed.GetValue(json))
            {
                CliJson.Print(new { model, path });
            }
            else
            {
                Console.WriteLine(path);
            }

            return 0;
        });
        return command;
    }

    private static Command Verify(Option<bool> json)
    {
        var name = new Argument<string>("name") { Description = "Name of a model." };
        var command = new Command("verify", "Hashes the files of a fetched model again.") { name };
        Failure.Run(command, json, async (parsed, cancellationToken) =>
        {
            string model = parsed.GetValue(name)!;
            var damaged = await new ModelStore().VerifyAsync(model, cancellationToken);
            if (damaged.Count > 0)
            {
                throw new ModelStoreException(model, $"damaged: {string.Join(", ", damaged)}. Remove the files and fetch the model again.");
            }

            if (parsed.GetValue(json))
            {
                CliJson.Print(new { model, verified = true });
            }
            else
            {
                Console.WriteLine($"{model}: every file is what it was when it was fetched.");
            }

            return 0;
        });
        return command;
    }
}
