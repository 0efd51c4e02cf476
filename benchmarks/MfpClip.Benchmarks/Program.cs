using BenchmarkDotNet.Running;
using MfpClip.Benchmarks;
using MfpClip.Benchmarks.Distributed;
using MfpClip.Benchmarks.Quick;

// The same on a GPU: times, images a second and the distance to the CPU's scores, as one line of JSON.
if (args.Contains("--quick-cuda"))
{
    return CudaRun.Run(Console.Out, Console.Error);
}

// Ratios that the project's targets are stated in, as one line of JSON, in less than three minutes.
if (args.Contains("--quick"))
{
    int at = Array.IndexOf(args, "--peers");
    return QuickRun.Run(at >= 0 && at + 1 < args.Length ? args[at + 1] : null, Console.Out, Console.Error);
}

// Where the time of a call goes, stage by stage.
if (args.Contains("--stages"))
{
    return StageTimes.Run(args.Contains("cuda") ? "cuda" : "cpu", Console.Out);
}

// Workers over memory and over a NATS server: overhead, messages a second, scaling. The second is what it starts itself.
if (args.Contains("--work"))
{
    return await WorkRun.RunAsync(args, Console.Out);
}

if (args is [WorkRun.Worker, var url, var prefix, var folder])
{
    return await WorkRun.WorkAsync(url, prefix, folder);
}

// Everything else is BenchmarkDotNet's own command line: --filter '*Detect*', --list flat, ...
Console.Error.WriteLine(Devices.Remark);
var summaries = BenchmarkSwitcher.FromAssembly(typeof(BenchmarkSetup).Assembly).Run(args, new BenchmarkSetup());
return summaries.Any(s => s.HasCriticalValidationErrors || s.Reports.Any(r => !r.Success)) ? 1 : 0;
