using MfpClip.Distributed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace MfpClip.Hosting;

/// <summary>
/// Runs a worker while the host runs. It connects as often as it takes, also where the server starts after the host; it ends with the work in hand, within the
/// host's time for a shutdown. What it had beyond that is delivered again.
/// </summary>
internal sealed class MfpClipWorkerService(
    IServiceProvider services, IOptions<MfpClipWorkerOptions> options, IEnumerable<IImageStore> stores, ILoggerFactory? loggers = null) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);
    private DetectionWorker? _worker;

    /// <summary>The worker's state; <see langword="null"/> before it runs.</summary>
    public WorkerState? State => _worker?.State;

    /// <summary>Why it does not run yet, or ended.</summary>
    public string? Fault { get; private set; } = "it is starting";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield(); // the host starts its other services
        var logger = (loggers ?? NullLoggerFactory.Instance).CreateLogger<DetectionWorker>();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RunAsync(options.Value, logger, stoppingToken).ConfigureAwait(false);
                return;
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                Fault = e.Message;
                WorkerLog.CannotPull(logger, e.Message);
            }

            await Task.WhenAny(Task.Delay(Pause, stoppingToken)).ConfigureAwait(false);
        }
    }

    private async Task RunAsync(MfpClipWorkerOptions chosen, ILogger<DetectionWorker> logger, CancellationToken stop)
    {
        var detector = chosen.DetectorKey is { } key ? services.GetRequiredKeyedService<IZeroShotDetector>(key)
            : services.GetRequiredService<IZeroShotDetector>();
        var nats = chosen.Nats is null ? null : await NatsWork.ConnectAsync(chosen.Nats, stop).ConfigureAwait(false);
        try
        {
            _worker = new(detector, nats ?? services.GetRequiredService<IWorkSource>(), nats ?? services.GetRequiredService<IResultSink>(),
                [.. stores, .. chosen.Images.CreateStores()], chosen.Worker, nats ?? services.GetService<IWorkQueue>(), logger);
            Fault = null;
            await _worker.RunAsync(stop).ConfigureAwait(false);
        }
        finally
        {
            if (nats is not null)
            {
                await nats.DisposeAsync().ConfigureAwait(false);
            }
        }
    }
}
