using System.CommandLine;
using Spectre.Console;

namespace MfpClip.Cli.Commands;

/// <summary><c>mfpclip describe</c>: the composed pipeline, stage by stage.</summary>
internal static class DescribeCommand
{
    public static Command Create(Option<bool> json)
    {
        var choice = new DetectorChoice();
        var command = new Command("describe", "Shows the composed detector: stages, options, weights and hashes.");
        var output = new Option<string?>("--recipe-out") { Description = "Also write the recipe to this file, for --recipe." };
        command.Options.Add(output);
        choice.AddTo(command, defaultModel: true);
        choice.AddTilingTo(command);
        choice.AddRegionTo(command);
        choice.AddReferencesTo(command);
        Failure.Run(command, json, (parsed, cancellationToken) =>
        {
            var (alone, notice) = choice.Build(parsed);
            using (var detector = choice.WithReferences(parsed, alone, choice.ClassName(parsed, null), cancellationToken))
            {
                var d = detector.Description;
                if (parsed.GetValue(output) is { } file)
                {
                    detector.Recipe.Save(file);
                }

                if (parsed.GetValue(json))
                {
                    CliJson.Print(d);
                    return Task.FromResult(0);
                }

                Console.WriteLine($"{d.Method}, {d.Device}, {d.Precision}, {d.ImageSize} px, version {d.LibraryVersion}, weights {d.WeightsHash}");
                var table = new Table().AddColumns("stage", "component", "options", "weights");
                foreach (var s in d.Stages)
                {
                    table.AddRow(
                        Markup.Escape(s.Stage), Markup.Escape(s.Component), Markup.Escape(string.Join("\n", s.Options.Select(o => $"{o.Key} = {o.Value}"))),
                        Markup.Escape(string.Join("\n", s.Weights.Select(
                            w => FormattableString.Invariant($"{w.Source}, {w.Parameters:N0} values, {w.Sha256[..12]}")))));
                }

                AnsiConsole.Write(table);
                Console.WriteLine(notice is null ? string.Empty : $"NOTE: {notice}");
            }

            return Task.FromResult(0);
        });
        return command;
    }
}
