using System.Diagnostics;
using System.Globalization;

namespace MfpClip.Fuzz.Faults;

/// <summary>The command line as a process that can be killed, or that runs into the end of its disk.</summary>
internal sealed record CliProcess(string Assembly)
{
    /// <summary>Environment variables beside this process's own.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Beside this program, as the solution builds both.</summary>
    public static CliProcess Find()
    {
        string own = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar);
        string assembly = Path.GetFullPath(Path.Combine(own, "..", "..", "MfpClip.Cli", Path.GetFileName(own), "MfpClip.Cli.dll"));
        return File.Exists(assembly) ? new(assembly) : throw new ArgumentException($"'{assembly}' is not there: build samples/MfpClip.Cli.");
    }

    /// <summary>Runs to the end.</summary>
    public (int Code, string Errors, TimeSpan Time) Run(params IReadOnlyList<string> arguments) => Wait(Start("dotnet", [Assembly, .. arguments]), null);

    /// <summary>Kills it after a time (SIGKILL).</summary>
    public (int Code, string Errors, TimeSpan Time) Kill(TimeSpan after, IReadOnlyList<string> arguments) =>
        Wait(Start("dotnet", [Assembly, .. arguments]), after);

    /// <summary>Runs with a limit on the size of every file: beyond, a write fails as on a full disk.</summary>
    public (int Code, string Errors, TimeSpan Time) Limit(int kilobytes, IReadOnlyList<string> arguments) => Wait(
        Start("bash",
        [
            "-c", $"trap '' XFSZ; ulimit -f {kilobytes.ToString(CultureInfo.InvariantCulture)}; exec dotnet \"$@\"", "bash", Assembly, .. arguments,
        ]), null);

    private Process Start(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        // The runtime's own memory files are subject to the limit, too.
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        foreach (var (name, value) in Environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    private static (int, string, TimeSpan) Wait(Process process, TimeSpan? kill)
    {
        using (process)
        {
            long start = Stopwatch.GetTimestamp();
            var output = process.StandardOutput.ReadToEndAsync();
            var errors = process.StandardError.ReadToEndAsync();
            if (kill is { } after && !process.WaitForExit(after))
            {
                process.Kill(entireProcessTree: true);
            }

            process.WaitForExit();
            _ = output.Result;
            return (process.ExitCode, errors.Result, Stopwatch.GetElapsedTime(start));
        }
    }
}
