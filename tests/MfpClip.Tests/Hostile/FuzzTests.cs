using System.Diagnostics;

namespace MfpClip.Tests.Hostile;

/// <summary>A short run of tests/MfpClip.Fuzz by a fixed seed; docs/robustness.md says how to run millions.</summary>
public class FuzzTests
{
    [Fact]
    public void Every_parser_ends_in_typed_errors_within_its_budget()
    {
        var (code, output) = Run("--together", "--divide", "--iterations", "500", "--seed", "1");

        Assert.True(code == 0, output);
        Assert.Contains("torch-zip", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Detections_of_changing_images_names_and_references_hold_nothing()
    {
        var (code, output) = Run("soak", "--detections", "150", "--callers", "8");

        Assert.True(code == 0, output);
    }

    [Fact]
    public void Reports_are_whole_and_of_one_run_whenever_a_run_is_killed_or_the_disk_is_full()
    {
        var (code, output) = Run("faults", "--target", "evaluate", "--kills", "2");

        Assert.True(code == 0, output);
    }

    private static (int Code, string Output) Run(params string[] arguments)
    {
        string own = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar), configuration = Path.GetFileName(own);
        string failures = Path.Combine(own, "fuzz-failures");
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true };
        start.ArgumentList.Add(Path.Combine(own, "..", "..", "MfpClip.Fuzz", configuration, "MfpClip.Fuzz.dll"));
        Array.ForEach(arguments, start.ArgumentList.Add);
        start.ArgumentList.Add("--failures");
        start.ArgumentList.Add(failures);
        using var process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output);
    }
}
