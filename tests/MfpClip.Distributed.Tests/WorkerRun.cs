using System.Diagnostics;

namespace MfpClip.Distributed.Tests;

/// <summary>A worker over memory that runs until its work is done.</summary>
internal sealed class WorkerRun : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task<WorkerState> _run;

    public WorkerRun(
        InMemoryWork work, Photos photos, WorkerOptions? options = null, BrightnessDetector? detector = null, IWorkSource? source = null,
        IResultSink? results = null)
    {
        Worker = new(detector ?? new BrightnessDetector(), source ?? work, results ?? work, new ImageAccessOptions { Roots = [photos.Folder] }.CreateStores(),
            options ?? Quick, work);
        _run = Worker.RunAsync(_stop.Token);
    }

    public static WorkerOptions Quick { get; } = new() { RetryDelay = TimeSpan.FromMilliseconds(10), BatchWait = TimeSpan.FromMilliseconds(20), Name = "w" };

    public DetectionWorker Worker { get; }

    /// <summary>Waits until everything that was submitted is answered, and stops.</summary>
    public async Task<WorkerState> CompleteAsync(InMemoryWork work)
    {
        for (var start = Stopwatch.GetTimestamp(); (await work.GetStatusAsync()).Detectors.Any(d => d.Pending + d.AckPending > 0); await Task.Delay(10))
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(60), "The work is not done.");
        }

        return await StopAsync();
    }

    public async Task<WorkerState> StopAsync()
    {
        await _stop.CancelAsync();
        return await _run.WaitAsync(TimeSpan.FromSeconds(60));
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }
}
