using System.CommandLine;

namespace MfpClip.Cli.Commands;

/// <summary><c>mfpclip check</c>: whether this machine can run it.</summary>
internal static class CheckCommand
{
    public static Command Create(Option<bool> json)
    {
        var device = new Option<string>("--device") { Description = "The device that is wanted.", DefaultValueFactory = _ => "cpu" };
        var command = new Command("check", "Says whether the native backend works here, and what to do if not.") { device };
        Failure.Run(command, json, (parsed, _) =>
        {
            var report = MfpClipEnvironment.Check(parsed.GetValue(device)!);
            if (parsed.GetValue(json))
            {
                CliJson.Print(report);
            }
            else
            {
                Console.WriteLine(report.Summary);
                Console.WriteLine($"{report.System}; TorchSharp {report.TorchSharpVersion}; libtorch in {report.LibTorchFolder ?? "no folder"}; CUDA "
                    + $"{(report.CudaAvailable ? "available" : "not available")}; {report.Threads} threads");
            }

            if (!report.IsReady)
            {
                Failure.Tell(string.Join(" ", report.Problems));
            }

            return Task.FromResult(report.IsReady ? 0 : 1);
        });
        return command;
    }
}
