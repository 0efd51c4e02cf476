using System.Diagnostics;
using MfpClip.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace MfpClip.Hosting;

/// <summary>
/// Loads every detector in the background when the host starts, and runs it once: the first caller does not wait for weights, kernels and text. A detector
/// that cannot be loaded does not stop the host; it is logged, and the health check tells it.
/// </summary>
internal sealed class MfpClipWarmUp(
    IServiceProvider services, IEnumerable<HostedDetector> detectors, IOptionsMonitor<MfpClipOptions> options, ILoggerFactory? loggers = null)
    : IHostedService, IDisposable
{
    private readonly ILogger _logger = (loggers ?? NullLoggerFactory.Instance).CreateLogger<MfpClipOptions>();
    private const int ImageSide = 64;
    private readonly CancellationTokenSource _stopping = new();
    private Task _work = Task.CompletedTask;
    private bool _disposed;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        HostedDetector[] wanted = [.. detectors.Where(d => options.Get(d.Key ?? Options.DefaultName).WarmUp)];
        foreach (var detector in wanted)
        {
            detector.BeginWarmUp(); // before the first health check
        }

        var stopping = _stopping.Token;
        _work = Task.Run(() => Array.ForEach(wanted, d => WarmUp(d, stopping)), CancellationToken.None);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        // A host that is stopped after its services were disposed, as test hosts do, has been told already.
        if (!_disposed)
        {
            await _stopping.CancelAsync().ConfigureAwait(false);
        }

        await Task.WhenAny(_work, Task.Delay(Timeout.Infinite, cancellationToken)).ConfigureAwait(false);
    }

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _stopping.Cancel(); // a provider that is disposed without a stop ends the work, too
            _stopping.Dispose();
        }
    }

    private void WarmUp(HostedDetector hosted, CancellationToken stopping)
    {
        string name = hosted.Key ?? "default";
        using var span = DetectionSpan.Start("warm_up", null, new(hosted.Key, string.Empty));
        long start = Stopwatch.GetTimestamp();
        try
        {
            stopping.ThrowIfCancellationRequested();
            var detector = hosted.Key is { } key ? services.GetRequiredKeyedService<IZeroShotDetector>(key) : services.GetRequiredService<IZeroShotDetector>();
            using var uncounted = MfpClipTelemetry.WithoutMetrics();
            var options = new DetectionOptions { ClassName = detector.Calibration?.ClassName ?? DetectionOptions.Default.ClassName };
            // Without its calibration, which may hold for images of one region of interest only; it shares everything else.
            using var plain = detector is ZeroShotDetector { Calibration: not null } calibrated ? calibrated.WithCalibration(null) : null;
            var wanted = plain ?? detector;
            // A region of the detector's own may not fit a square image.
            bool hasRegion = wanted is ZeroShotDetector { HasRegion: true };
            options = hasRegion ? options with { RegionOfInterest = RegionOfInterest.Rectangle(ImageSide, ImageSide, 0, 0, ImageSide, ImageSide) } : options;
            wanted.Detect(Grey(), options, stopping);
            hosted.Ready(detector.Description);
            HostingLog.Ready(_logger, name, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            if (hosted.Status.RandomStages is { Count: > 0 } stages)
            {
                HostingLog.RandomWeights(_logger, name, string.Join(", ", stages));
            }
        }
        catch (Exception) when (stopping.IsCancellationRequested)
        {
            // The host stops: nobody will ask.
        }
        catch (Exception e)
        {
            DetectionSpan.Fail(span, e);
            hosted.Fail(e);
            HostingLog.Failed(_logger, name, e.Message, e);
        }
    }

    private static RgbImage Grey()
    {
        var pixels = new byte[ImageSide * ImageSide * 3];
        Array.Fill(pixels, (byte)128);
        return new(ImageSide, ImageSide, pixels);
    }
}

/// <summary>What hosting logs.</summary>
internal static partial class HostingLog
{
    [LoggerMessage(30, LogLevel.Information, "Detector '{Detector}' is ready: loaded and run once in {Milliseconds:F0} ms")]
    public static partial void Ready(ILogger logger, string detector, double milliseconds);

    [LoggerMessage(31, LogLevel.Error, "Detector '{Detector}' cannot be used: {Reason}")]
    public static partial void Failed(ILogger logger, string detector, string reason, Exception exception);

    [LoggerMessage(32, LogLevel.Information, "Detector '{Detector}': no model is configured, the default model '{Model}' is used")]
    public static partial void DefaultModel(ILogger logger, string detector, string model);

    [LoggerMessage(33, LogLevel.Warning, "Detector '{Detector}': the section '{Section}' of the configuration is empty or does not exist")]
    public static partial void EmptySection(ILogger logger, string detector, string section);

    [LoggerMessage(34, LogLevel.Warning, "Detector '{Detector}' has random or untrained weights in {Stages}: its maps and scores mean nothing")]
    public static partial void RandomWeights(ILogger logger, string detector, string stages);
}
