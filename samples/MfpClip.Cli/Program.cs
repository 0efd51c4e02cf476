using System.CommandLine;
using MfpClip;
using MfpClip.Cli;
using MfpClip.Cli.Commands;

MfpClip.MemoryReuse.Enable();
var json = new Option<bool>("--json") { Description = "Print one JSON object instead of text.", Recursive = true };
if (Plugins.Load(args) is { } fault)
{
    return Failure.Report(fault, args.Contains("--json"));
}

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

using var cancel = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    cancel.Cancel();
};
using var stopped = System.Runtime.InteropServices.PosixSignalRegistration.Create(System.Runtime.InteropServices.PosixSignal.SIGTERM, s =>
{
    s.Cancel = true;
    cancel.Cancel();
});

var parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    return Failure.Report(string.Join(" ", parsed.Errors.Select(e => e.Message)) + " See 'mfpclip --help'.", parsed.GetValue(json));
}

return await parsed.InvokeAsync(new() { EnableDefaultExceptionHandler = false }, cancel.Token);
