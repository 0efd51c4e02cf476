using System.CommandLine;

namespace MfpClip.Cli.Commands;

/// <summary>All commands of <c>mfpclip</c> under their root.</summary>
internal static class CommandTree
{
    /// <summary>The root command, and the option of every command that asks for JSON.</summary>
    public static (RootCommand Root, Option<bool> Json) Create()
    {
        var json = new Option<bool>("--json") { Description = "Print one JSON object instead of text.", Recursive = true };
        var root = new RootCommand("Finds defects on products it has never seen: an anomaly map and a score for every photo.") { json, Plugins.Option };
        root.Subcommands.Add(DetectCommand.Create(json));
        root.Subcommands.Add(DescribeCommand.Create(json));
        root.Subcommands.Add(TrainCommand.Create(json));
        root.Subcommands.Add(EvaluateCommand.Create(json));
        root.Subcommands.Add(BaselinesCommand.Create(json));
        root.Subcommands.Add(CalibrateCommand.Create(json));
        root.Subcommands.Add(ReportCommand.Create(json));
        root.Subcommands.Add(CompareCommand.Create(json));
        root.Subcommands.Add(MethodsCommand.Create(json));
        root.Subcommands.Add(AblateCommand.Create(json));
        root.Subcommands.Add(ModelsCommand.Create(json));
        root.Subcommands.Add(CheckCommand.Create(json));
        root.Subcommands.Add(SamplesCommand.Create(json));
        root.Subcommands.Add(SynthesizeCommand.Create(json));
        root.Subcommands.Add(PretrainCommand.Create(json));
        return (root, json);
    }
}
