namespace MfpClip.Fuzz.Faults;

/// <summary>
/// Stops commands while they replace outputs of an earlier run: by SIGKILL at any time, and by a disk that is full after so many kilobytes of a file. What has
/// its name is then whole and of one run; a later run makes all of it, and sweeps what was left.
/// </summary>
internal static class FaultRun
{
    public static int Run(FuzzOptions options)
    {
        var program = CliProcess.Find();
        string root = Directory.CreateTempSubdirectory("mfpclip-faults-").FullName;
        var faults = new List<string>();
        try
        {
            string data = Path.Combine(root, "data");
            FaultData.Write(data, program);
            foreach (var scenario in FaultScenario.All.Where(s => options.Targets.Count == 0 || options.Targets.Contains(s.Name)))
            {
                int before = faults.Count;
                string first = Path.Combine(root, scenario.Name, "first" + scenario.Ending);
                Directory.CreateDirectory(Path.GetDirectoryName(first)!);
                if (scenario.StartsEmpty)
                {
                    Directory.CreateDirectory(first);
                }
                else
                {
                    Expect(Program(first).Run(scenario.Arguments(data, first, false)), scenario.Name);
                }

                string probe = Copy(first, "probe");
                var whole = Program(probe).Run(scenario.Arguments(data, probe, true));
                Expect(whole, scenario.Name);
                var random = new FuzzRandom(options.Seed, scenario.Name.Length);
                int written = 0;
                for (int i = 0; i < options.Kills; i++)
                {
                    string work = Copy(first, "work");
                    // Most of the time is reading and computing: the second half is where files are written.
                    var after = whole.Time * (0.35 + (0.7 * random.Next(1000) / 1000));
                    Program(work).Kill(after, scenario.Arguments(data, work, true));
                    faults.AddRange(OutputCheck.Faults(work).Select(f => $"{scenario.Name}, killed after {after.TotalSeconds:0.00} s: {f}"));
                    written += OutputCheck.Leftovers(work).Count > 0 ? 1 : 0;
                    if (i % 5 == 0)
                    {
                        Again(Program(work), scenario, data, work, faults);
                    }
                }

                foreach (int kilobytes in Limits(options.Kills))
                {
                    string work = Copy(first, "work");
                    var limited = Program(work).Limit(kilobytes, scenario.Arguments(data, work, true));
                    faults.AddRange(OutputCheck.Faults(work).Concat(Told(limited)).Select(f => $"{scenario.Name}, files of {kilobytes} KB: {f}"));
                    if (!scenario.KeepsUnfinished && OutputCheck.Leftovers(work) is [var left, ..])
                    {
                        faults.Add($"{scenario.Name}, files of {kilobytes} KB: '{Path.GetFileName(left)}' was left");
                    }
                }

                Console.WriteLine($"{scenario.Name}: {options.Kills} kills ({written} while a file was written), {Limits(options.Kills).Count()} full disks, "
                    + $"{faults.Count - before} faults");

                CliProcess Program(string output) => program with { Environment = scenario.Environment(output) };
            }
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }

        faults.ForEach(f => Console.WriteLine($"FAILED {f}"));
        return faults.Count == 0 ? ExitCodes.Success : ExitCodes.Failures;
    }

    private static void Again(CliProcess cli, FaultScenario scenario, string data, string work, List<string> faults)
    {
        foreach (string left in OutputCheck.Leftovers(work))
        {
            File.SetLastWriteTimeUtc(left, DateTime.UtcNow.AddHours(-1));
        }

        var (code, errors, _) = cli.Run(scenario.Arguments(data, work, true));
        if (code != 0 && !(scenario.Name == "references" && errors.Contains("already", StringComparison.Ordinal)))
        {
            faults.Add($"{scenario.Name}: after a kill the next run ends with {code}: {errors}");
        }

        if (scenario.Sweeps && OutputCheck.Leftovers(work) is [var file, ..])
        {
            faults.Add($"{scenario.Name}: the next run left '{Path.GetFileName(file)}'");
        }
    }

    // One line that says what is wrong and with which file; never a stack trace or .NET's own word about an argument.
    private static IEnumerable<string> Told((int Code, string Errors, TimeSpan Time) run)
    {
        bool raw = run.Errors.Contains("(Parameter '", StringComparison.Ordinal) && !run.Errors.Contains("cannot be written", StringComparison.Ordinal);
        if (raw || run.Errors.Contains("Unhandled exception", StringComparison.Ordinal) || run.Errors.Contains("   at ", StringComparison.Ordinal)
            || run.Code > 127)
        {
            yield return $"exit code {run.Code}: {run.Errors[..Math.Min(run.Errors.Length, 600)]}";
        }
    }

    private static IEnumerable<int> Limits(int kills) => new[] { 4, 0, 1, 16, 2, 64, 8, 32, 128, 256 }.Take(Math.Clamp(kills / 3, 1, 10));

    private static string Copy(string first, string name)
    {
        string target = Path.Combine(Path.GetDirectoryName(first)!, name + Path.GetExtension(first));
        if (File.Exists(first))
        {
            // In a folder of its own, so that what is left beside it is seen.
            string folder = Path.Combine(Path.GetDirectoryName(first)!, name);
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }

            Directory.CreateDirectory(folder);
            target = Path.Combine(folder, Path.GetFileName(first));
            File.Copy(first, target);
            return target;
        }

        if (Directory.Exists(target))
        {
            Directory.Delete(target, recursive: true);
        }

        foreach (string file in Directory.GetFiles(first, "*", SearchOption.AllDirectories))
        {
            string to = Path.Combine(target, Path.GetRelativePath(first, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            if (new FileInfo(file).LinkTarget is { } link)
            {
                File.CreateSymbolicLink(to, link);
            }
            else
            {
                File.Copy(file, to);
            }
        }

        return target;
    }

    private static void Expect((int Code, string Errors, TimeSpan Time) run, string name)
    {
        if (run.Code != 0)
        {
            throw new InvalidOperationException($"{name} ended with {run.Code}: {run.Errors}");
        }
    }
}
