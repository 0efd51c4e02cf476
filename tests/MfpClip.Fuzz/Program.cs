using System.Diagnostics;
using MfpClip.Fuzz.Faults;
using MfpClip.Fuzz.Soak;
using MfpClip.Fuzz.Targets;

namespace MfpClip.Fuzz;

/// <summary>
/// Feeds the library's parsers with damaged files (<c>--target</c>, all without it), or runs detections for hours (<c>soak</c>). docs/robustness.md.
/// </summary>
internal static class Program
{
    private const string Usage = """
        dotnet run --project tests/MfpClip.Fuzz -- [--target NAME ...] [--iterations N] [--seed S] [--first N] [--minutes M]
            [--together] [--divide] [--failures FOLDER]
        dotnet run --project tests/MfpClip.Fuzz -- list
        dotnet run --project tests/MfpClip.Fuzz -- corpus FOLDER
        dotnet run --project tests/MfpClip.Fuzz -- faults [--target COMMAND ...] [--kills N] [--seed S]
        dotnet run --project tests/MfpClip.Fuzz -- soak [--detections N] [--callers N] [--seed S]
        """;

    public static int Main(string[] args)
    {
        try
        {
            var options = FuzzOptions.Parse(args);
            Native.NativeBackend.Register();
            return options.Command switch
            {
                "list" => List(),
                "corpus" => CorpusFiles.Write(options.Folder ?? throw new ArgumentException("corpus needs a folder.")),
                "soak" => SoakRun.Run(options),
                "faults" => FaultRun.Run(options),
                _ => options.IsChild ? Child(options) : options.IsTogether ? Together(options) : Parent(options),
            };
        }
        catch (ArgumentException e)
        {
            Console.Error.WriteLine($"error: {e.Message}\n{Usage}");
            return ExitCodes.Usage;
        }
    }

    private static int List()
    {
        foreach (var target in AllTargets.List)
        {
            Console.WriteLine($"{target.Name,-16} {CorpusFiles.Read(target.Name).Count} inputs to begin with");
        }

        return ExitCodes.Success;
    }

    private static int Child(FuzzOptions options)
    {
        var target = AllTargets.Find(options.Targets.Single());
        var summary = new FuzzRun(target, CorpusFiles.Read(target.Name), options.Folder!, options.Failures)
            .Run(options.Seed, options.First, options.Iterations, TimeSpan.FromMinutes(options.Minutes));
        Console.WriteLine(summary);
        return summary.Failures.Count > 0 ? ExitCodes.Failures : ExitCodes.Success;
    }

    private static int Together(FuzzOptions options)
    {
        string folder = Directory.CreateTempSubdirectory("mfpclip-fuzz-").FullName;
        int failures = 0;
        try
        {
            foreach (var target in options.Targets.Count > 0 ? options.Targets.Select(AllTargets.Find) : AllTargets.List)
            {
                Console.WriteLine(target.Name); // known if an input ends the process
                Console.Out.Flush();
                var summary = new FuzzRun(target, CorpusFiles.Read(target.Name), folder, options.Failures).Run(
                    options.Seed, options.First, Math.Max(options.Iterations / (options.Divides ? target.Cost : 1), 1), TimeSpan.FromMinutes(options.Minutes));
                Console.WriteLine(summary);
                failures += summary.Failures.Count;
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        return failures == 0 ? ExitCodes.Success : ExitCodes.Failures;
    }

    // Each target in a process of its own, started again after an input that ended it.
    private static int Parent(FuzzOptions options)
    {
        int failed = 0;
        long deadline = Stopwatch.GetTimestamp() + (long)(options.Minutes * 60 * Stopwatch.Frequency);
        var targets = options.Targets.Count > 0 ? options.Targets.Select(AllTargets.Find).ToList() : [.. AllTargets.List];
        for (int i = 0; i < targets.Count; i++)
        {
            var target = targets[i];
            string folder = Directory.CreateTempSubdirectory("mfpclip-fuzz-").FullName;
            long first = options.First, end = options.First + Math.Max(options.Iterations / (options.Divides ? target.Cost : 1), 1);
            try
            {
                for (int crashes = 0; first < end && crashes < 20; crashes++)
                {
                    double minutes = (deadline - Stopwatch.GetTimestamp()) / (60.0 * Stopwatch.Frequency) / (targets.Count - i);
                    int code = Start(target, options, first, end - first, Math.Max(minutes, 0.02), folder);
                    failed |= code;
                    if (code is ExitCodes.Success or ExitCodes.Failures)
                    {
                        break;
                    }

                    long at = BitConverter.ToInt64(File.ReadAllBytes(Path.Combine(folder, "position")));
                    Directory.CreateDirectory(options.Failures);
                    File.WriteAllBytes(
                        Path.Combine(options.Failures, FormattableString.Invariant($"{target.Name}-{options.Seed}-{at}.bin")),
                        target.Make(CorpusFiles.Read(target.Name), options.Seed, at));
                    Console.WriteLine($"FAILED {target.Name} --seed {options.Seed} --first {at}: the process ended with exit code {code}");
                    first = at + 1;
                }
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        return failed == 0 ? ExitCodes.Success : ExitCodes.Failures;
    }

    private static int Start(FuzzTarget target, FuzzOptions options, long first, long count, double minutes, string folder)
    {
        string assembly = typeof(Program).Assembly.Location;
        var start = new ProcessStartInfo("dotnet") { UseShellExecute = false };
        foreach (string argument in new[]
        {
            assembly, "--child", "--target", target.Name, "--seed", $"{options.Seed}", "--first", $"{first}", "--iterations", $"{count}", "--minutes",
            FormattableString.Invariant($"{minutes}"), "--failures", options.Failures, "--folder", folder,
        })
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        process.WaitForExit();
        return process.ExitCode;
    }
}
