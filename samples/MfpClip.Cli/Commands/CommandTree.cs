using System.CommandLine;
using System.CommandLine.Parsing;

namespace MfpClip.Cli.Commands;

/// <summary>All commands of <c>mfpclip</c> under their root.</summary>
internal static class CommandTree
{
    /// <summary>Name of the program: that of the tool command, whatever the file is called that runs.</summary>
    public const string Program = "mfpclip";

    /// <summary>The root command, and the options of every command: JSON instead of text, and the threads of the process.</summary>
    public static (Command Root, Option<bool> Json, Option<int?> Threads) Create()
    {
        var json = new Option<bool>("--json") { Description = "Print one JSON object instead of text.", Recursive = true };
        var threads = new Option<int?>("--threads")
        {
            Description = "Threads that compute. Default: the processors that this process may use.", Recursive = true,
        };
        threads.Validators.Add(r =>
        {
            if (r.Tokens is [{ Value: var text }] && long.TryParse(text, out long count) && count is < 1 or > ThreadLimit.Maximum)
            {
                r.AddError($"--threads is {text}; it must be from 1 to {ThreadLimit.Maximum}.");
            }
        });
        var root = new Command(Program, "Finds defects on products it has never seen: an anomaly map and a score for every photo.")
        {
            HelpPage.Option(), new VersionOption(), json, threads, Plugins.Option,
        };
        root.Subcommands.Add(DetectCommand.Create(json));
        root.Subcommands.Add(DescribeCommand.Create(json));
        root.Subcommands.Add(TrainCommand.Create(json));
        root.Subcommands.Add(EvaluateCommand.Create(json));
        root.Subcommands.Add(BaselinesCommand.Create(json));
        root.Subcommands.Add(CalibrateCommand.Create(json));
        root.Subcommands.Add(FitCommand.Create(json));
        root.Subcommands.Add(ReferencesCommand.Create(json));
        root.Subcommands.Add(ReportCommand.Create(json));
        root.Subcommands.Add(CompareCommand.Create(json));
        root.Subcommands.Add(MethodsCommand.Create(json));
        root.Subcommands.Add(AblateCommand.Create(json));
        root.Subcommands.Add(ModelsCommand.Create(json));
        root.Subcommands.Add(CheckCommand.Create(json));
        root.Subcommands.Add(SamplesCommand.Create(json));
        root.Subcommands.Add(SynthesizeCommand.Create(json));
        root.Subcommands.Add(SmallDefectsCommand.Create(json));
        root.Subcommands.Add(PretrainCommand.Create(json));
        root.Subcommands.Add(WorkerCommand.Create(json));
        root.Subcommands.Add(SubmitCommand.Create(json));
        root.Subcommands.Add(StatusCommand.Create(json));
        root.Subcommands.Add(CollectCommand.Create(json));
        NumberOptions.Check(root);
        return (root, json, threads);
    }

    /// <summary>
    /// What is wrong where an argument, or one of several values of an option, looks like an option: a misspelt option would be taken for an image.
    /// What comes after <c>--</c> is meant as it is.
    /// </summary>
    public static string? UnknownOption(ParseResult parsed) =>
        parsed.Tokens.TakeWhile(t => t.Type != TokenType.DoubleDash)
            .FirstOrDefault(t => t.Type == TokenType.Argument && t.Value.StartsWith("--", StringComparison.Ordinal))
            is { } token ? $"There is no option '{token.Value}'." : null;
}
