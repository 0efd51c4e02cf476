using System.Globalization;
using BenchmarkDotNet.Running;
using MfpClip.Benchmarks;
using MfpClip.Benchmarks.Distributed;
using MfpClip.Benchmarks.Quick;

// A page of the results that --record kept, as a plot for each figure: --history [FOLDER [PAGE]].
if (Array.IndexOf(args, "--history") is var history and >= 0)
{
    string kept = history + 1 < args.Length ? args[history + 1] : "benchmarks/results/history";
    return ResultHistory.WritePage(kept, history + 2 < args.Length ? args[history + 2] : Path.Combine(kept, "history.html"), Console.Error);
}

// Any of the runs below, its line of JSON kept with the commit, too: --busy --record FOLDER.
if (Array.IndexOf(args, "--record") is var record and >= 0 && record + 1 < args.Length)
{
    string into = args[record + 1];
    string[] run = [.. args[..record], .. args[(record + 2)..]];
    var start = BusyLoops.Again(run);
    using var process = System.Diagnostics.Process.Start(start)!;
    string[] lines = process.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    process.WaitForExit();
    if (process.ExitCode == 0 && lines is [.., var last] && last.StartsWith('{'))
    {
        Console.WriteLine(last);
        string name = string.Join('-', run.Select(a => a.TrimStart('-')).Where(a => a.Length > 0 && a.All(char.IsLetterOrDigit)));
        Console.Error.WriteLine(ResultHistory.Record(into, name, last));
    }

    return process.ExitCode;
}

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

// The default model beside one, two and four busy loops and within a quota of one processor, as ratios in one line of JSON.
if (args.Contains("--busy"))
{
    return BusyRun.Run(Console.Out, Console.Error);
}

if (args is [BusyRun.Once])
{
    return BusyRun.RunOnce(Console.Out);
}

if (args is [BusyLoops.Argument])
{
    return BusyLoops.Run();
}

// Photos of two megapixels from files to overlays, as images a second: --photos, --photos 1000.
if (Array.IndexOf(args, "--photos") is var photos and >= 0)
{
    return await PhotoRun.RunAsync(photos + 1 < args.Length ? int.Parse(args[photos + 1], CultureInfo.InvariantCulture) : 200, Console.Out, Console.Error);
}

// From the start of a process to its first result.
if (args.Contains("--start"))
{
    return StartRun.Run(Console.Out, Console.Error);
}

if (args is [StartRun.Once])
{
    return StartRun.RunOnce(Console.Out);
}

// Where the time of a call goes, stage by stage.
if (args.Contains("--stages"))
{
    return StageTimes.Run(args.Contains("cuda") ? "cuda" : "cpu", args.Contains("tiny"), Console.Out);
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
