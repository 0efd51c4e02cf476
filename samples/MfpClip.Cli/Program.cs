using MfpClip;
using MfpClip.Cli;
using MfpClip.Cli.Commands;

MfpClip.MemoryReuse.Enable();
if (Plugins.Load(args) is { } fault)
{
    return Failure.Report(fault, args.Contains("--json"));
}

var (root, json) = CommandTree.Create();
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
