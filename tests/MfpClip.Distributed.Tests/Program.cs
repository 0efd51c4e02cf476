using System.Runtime.InteropServices;

namespace MfpClip.Distributed.Tests;

/// <summary>The test assembly as a worker process: URL, prefix, milliseconds to answer, milliseconds of a slow image, folder that it reads.</summary>
internal static class Program
{
    private static async Task Main(string[] args)
    {
        var ackWait = TimeSpan.FromMilliseconds(int.Parse(args[2]));
        using var stop = new CancellationTokenSource();
        using var signal = PosixSignalRegistration.Create(PosixSignal.SIGTERM, s =>
        {
            s.Cancel = true;
            stop.Cancel();
        });
        await using var work = await NatsWork.ConnectAsync(new() { Url = args[0], Prefix = args[1], AckWait = ackWait });
        var worker = new DetectionWorker(
            new BrightnessDetector(TimeSpan.FromMilliseconds(int.Parse(args[3]))) { Detecting = _ => Thread.Sleep(8) }, work, work,
            new ImageAccessOptions { Roots = [args[4]] }.CreateStores(),
            new() { MaximumHeld = 16, BatchSize = 4, BatchWait = TimeSpan.FromMilliseconds(5), MaximumAttempts = 50 });
        Console.WriteLine("ready");
        var state = await worker.RunAsync(stop.Token);
        Console.WriteLine($"completed {state.Completed} duplicates {state.Duplicates} dead {state.Dead} held {state.Held}");
    }
}
