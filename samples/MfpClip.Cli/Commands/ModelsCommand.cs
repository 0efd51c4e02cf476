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
            if (parsed.GetValue(json))
            {
                CliJson.Print(ModelCatalogue.Models.Select(m => new
                {
                    m.Name, m.Sources[0].Repository, m.Sources[0].Revision, m.Licence, m.Sources[0].Files[0].Sha256, Here = store.IsComplete(m.Name), m.Origin,
                    Sources = m.Sources.Select(s => new { s.Repository, s.Revision, Files = s.Files.Select(f => new { f.Name, f.Sha256, f.Address }) }),
                }));
                return Task.FromResult(0);
            }

            var table = new Table().AddColumns("name", "first source", "revision", "checked by", "licence", "here");
            foreach (var model in ModelCatalogue.Models)
            {
                var source = model.Sources[0];
                string more = model.Sources.Count > 1 ? $" and {model.Sources.Count - 1} more" : string.Empty;
                table.AddRow(model.Name, source.Repository + more, source.Revision[..Math.Min(12, source.Revision.Length)], Check(source),
                    model.Licence, store.IsComplete(model.Name) ? "yes" : "no");
            }

            AnsiConsole.Write(table);
            return Task.FromResult(0);
        });
        return command;
    }

    private static string Check(CatalogueSource source) => source.Files[0].Sha256 switch
    {
        { Length: 64 } => "SHA-256",
        { } digits => $"SHA-256, first {digits.Length} digits",
        null when source.Revision == "main" => "not pinned: no revision or hash published",
        null => "the server's hash; none published",
    };

    private static Command Get(Option<bool> json)
    {
        var name = new Argument<string>("name") { Description = "Name of a model." };
        var to = new Option<string?>("--to") { Description = "Folder to copy it to as well, as FOLDER/NAME: to carry it to a machine without a network." };
        var mirror = new Option<string?>("--mirror")
        {
            Description = $"Folder that is asked before any server, as --to fills it. Default: the environment variable {ModelStoreOptions.MirrorVariable}.",
        };
        var revision = new Option<string?>("--revision") { Description = "Another revision of the first source than the catalogue's." };
        var hash = new Option<string?>("--sha256") { Description = "SHA-256 that the weight file must have." };
        var command = new Command("get", "Fetches a model into the Hugging Face cache, from the first source that gives it; resumes what was interrupted.")
        {
            name, to, mirror, revision, hash,
        };
        Failure.Run(command, json, async (parsed, cancellationToken) =>
        {
            var model = ModelCatalogue.Find(parsed.GetValue(name)!);
            if (parsed.GetValue(revision) is not null || parsed.GetValue(hash) is not null)
            {
                model = model.Pin(parsed.GetValue(revision), parsed.GetValue(hash));
            }

            var options = new ModelStoreOptions();
            if (parsed.GetValue(mirror) is { } folder && !Directory.Exists(folder))
            {
                throw new ModelStoreException(model.Name, $"--mirror: there is no folder '{folder}'.");
            }

            var store = new ModelStore(options with { MirrorFolder = parsed.GetValue(mirror) ?? options.MirrorFolder });
            string path = parsed.GetValue(json) ? await store.EnsureModelAsync(model, null, cancellationToken)
                : await WithProgressAsync(p => store.EnsureModelAsync(model, p, cancellationToken));
            if (parsed.GetValue(to) is { } target)
            {
                path = await store.ExportAsync(model, target, cancellationToken);
            }

            if (parsed.GetValue(json))
            {
                CliJson.Print(new { model = model.Name, path });
            }
            else
            {
                Console.WriteLine(path);
            }

            return 0;
        });
        return command;
    }

    private static Task<string> WithProgressAsync(Func<IProgress<DownloadProgress>, Task<string>> fetch) => AnsiConsole.Progress()
        .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new DownloadedColumn(), new TransferSpeedColumn())
        .StartAsync(progress =>
        {
            var tasks = new Dictionary<string, ProgressTask>();
            return fetch(new DirectProgress<DownloadProgress>(p =>
            {
                if (!tasks.TryGetValue(p.File, out var task))
                {
                    tasks[p.File] = task = progress.AddTask(Markup.Escape(p.File), maxValue: p.Total ?? p.Received);
                }

                task.MaxValue = Math.Max(p.Total ?? 0, p.Received);
                task.Value = p.Received;
            }));
        });

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
