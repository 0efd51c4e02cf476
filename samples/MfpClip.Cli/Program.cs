using System.Globalization;
using MfpClip;
using MfpClip.Cli;
using MfpClip.Cli.Commands;

// Numbers are written and read alike everywhere: InvariantGlobalization says so, too, but an environment variable can take it back.
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
MfpClip.MemoryReuse.Enable();
try
{
    UnpackedLibrary.Ensure(AppContext.BaseDirectory, Console.Error.WriteLine);
}
catch (NativeBackendException e)
{
    return Failure.Report(e.Message, args.Contains("--json"));
}

if (Plugins.Load(args) is { } fault)
{
    return Failure.Report(fault, args.Contains("--json"), ExitCode.BadOptions);
}

var (root, json, limit) = CommandTree.Create();

// Never disposed: a signal may come while the program ends. It is the only one that signals cancel (ProcessTerminationTimeout below), for the parser's own
// handler ends the process two seconds after the signal, whatever is in hand.
var cancel = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) => e.Cancel = Stop();
using var stopped = System.Runtime.InteropServices.PosixSignalRegistration.Create(System.Runtime.InteropServices.PosixSignal.SIGTERM, s => s.Cancel = Stop());

var parsed = root.Parse(args);
var faults = parsed.Errors.Select(e => e.Message).ToList();
if (faults.Count == 0 && CommandTree.UnknownOption(parsed) is { } unknown)
{
    faults.Add(unknown);
}

if (faults.Count > 0)
{
    string command = parsed.CommandResult.Parent is null ? string.Empty : $" {parsed.CommandResult.Command.Name}";
    return Failure.Report(string.Join(" ", faults) + $" See '{CommandTree.Program}{command} --help'.", parsed.GetValue(json),
        ExitCode.BadOptions);
}

if (parsed.GetValue(limit) is { } threads)
{
    ThreadLimit.Set(threads);
}

return await parsed.InvokeAsync(new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, cancel.Token);

// The first signal asks the command to end, another one ends the process.
bool Stop()
{
    bool first = !cancel.IsCancellationRequested;
    cancel.Cancel();
    return first;
}
