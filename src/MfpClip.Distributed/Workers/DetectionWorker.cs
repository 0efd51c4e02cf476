using System.Diagnostics;
using System.Threading.Channels;
using MfpClip.Detection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace MfpClip.Distributed;

/// <summary>
/// Takes work, detects, writes results once and answers. Fetching and decoding, detection in batches, and writing overlap; no more is in hand than
/// <see cref="WorkerOptions.MaximumHeld"/>. One detector a process, and one a GPU.
/// </summary>
/// <remarks>
/// A worker is killed at any point without harm: what it had is delivered again, and a result is written once. Work whose recipe, weights or calibration is not
/// the detector's is left to other workers; a message that says otherwise than it is routed is given up (<see cref="DeadCause.WrongDetector"/>).
/// </remarks>
public sealed partial class DetectionWorker
{
    private const int FallbackBatch = 4, Writers = 2;
    private static readonly TimeSpan PullWait = TimeSpan.FromSeconds(1), StatusInterval = TimeSpan.FromSeconds(5), LongestPause = TimeSpan.FromSeconds(5);

    private readonly IZeroShotDetector _detector;
    private readonly IWorkSource _source;
    private readonly IResultSink _results;
    private readonly IWorkQueue? _queue;
    private readonly ImageFetcher _images;
    private readonly WorkerOptions _options;
    private readonly ILogger _logger;
    private readonly TimeProvider _time = TimeProvider.System;
    private readonly int _batch;
    private HeldSet _held;
    private WorkerMetrics? _metrics;
    private WorkAnswers _answers = null!;
    private (string Reason, DateTimeOffset Since)? _fault;
    private bool _running;

    /// <summary>Puts a worker together; <see cref="RunAsync"/> runs it.</summary>
    /// <param name="detector">Whose results are written; the caller disposes it after the run.</param>
    /// <param name="source">Where work comes from.</param>
    /// <param name="results">Where results go.</param>
    /// <param name="images">Where images are read from (<see cref="ImageAccessOptions.CreateStores"/>).</param>
    /// <param name="options">How it works; <see langword="null"/>: the defaults.</param>
    /// <param name="queue">For the metrics of the queue; <see langword="null"/>: none.</param>
    /// <param name="logger">For logs.</param>
    /// <exception cref="WorkException">Options are not valid.</exception>
    public DetectionWorker(
        IZeroShotDetector detector, IWorkSource source, IResultSink results, IEnumerable<IImageStore> images, WorkerOptions? options = null,
        IWorkQueue? queue = null, ILogger<DetectionWorker>? logger = null)
    {
        ArgumentNullException.ThrowIfNull(detector);
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(results);
        ArgumentNullException.ThrowIfNull(images);
        _options = options ?? new();
        if (_options.Faults() is { Count: > 0 } faults)
        {
            throw new WorkException($"The worker cannot run: {string.Join(" | ", faults)}.");
        }

        (_detector, _source, _results, _queue, _logger) = (detector, source, results, queue, logger ?? NullLogger<DetectionWorker>.Instance);
        _images = new(images, _options.MaximumImageBytes);
        _batch = Math.Min(_options.BatchSize ?? RecipeBatch(detector), _options.MaximumHeld);
        _held = new(_options.MaximumHeld, _options.MaximumTime);
        Detector = DetectorFingerprint.Of(detector);
    }

    /// <summary>Whose work it takes.</summary>
    public DetectorFingerprint Detector { get; }

    /// <summary>How it is now.</summary>
    public WorkerState State
    {
        get
        {
            var (fault, oldest) = (_fault, _held.Oldest);
            return new()
            {
                Worker = _options.Name, IsRunning = _running, Fault = fault?.Reason, FaultSince = fault?.Since, Held = _held.Count, OldestHeld = oldest,
                IsStuck = oldest > _options.MaximumTime, Completed = _metrics?.Completed ?? 0, Duplicates = _metrics?.Duplicates ?? 0,
                Dead = _metrics?.Dead ?? 0, Retried = _metrics?.Retried ?? 0,
            };
        }
    }

    /// <summary>Works until it is stopped; then it takes no more and finishes what it has in hand.</summary>
    /// <param name="stop">Ends the run, for example at SIGTERM.</param>
    /// <returns>The state at the end.</returns>
    /// <exception cref="InvalidOperationException">It runs already.</exception>
    public async Task<WorkerState> RunAsync(CancellationToken stop)
    {
        if (Interlocked.Exchange(ref _running, true))
        {
            throw new InvalidOperationException("The worker runs already; make one for each run.");
        }

        _held = new(_options.MaximumHeld, _options.MaximumTime);
        using var metrics = _metrics = new(_options.Name, _held);
        _answers = new(_results, _held, metrics, _options, _time, _logger);
        WorkerLog.Started(_logger, _options.Name, Detector.Route, _batch, _options.MaximumHeld);
        using var ending = new CancellationTokenSource();
        var reporting = Task.WhenAll(
            _held.ReportAsync(_source.AckWait / 3, (h, e) => WorkerLog.CannotAnswer(_logger, h.Delivery.Id, e.Message), ending.Token),
            ObserveAsync(ending.Token));
        try
        {
            // Each stage is bounded by the next; together they hold no more than the held set has room for.
            var decoding = Bounded(_options.MaximumHeld);
            var detecting = Bounded(2 * _batch);
            var writing = Bounded(2 * _batch);
            await Task.WhenAll(
                Stage(() => PullAsync(decoding.Writer, stop), decoding.Writer),
                Stage(() => Parallel(_options.Decoders, () => DecodeAsync(decoding.Reader, detecting.Writer)), detecting.Writer),
                Stage(() => DetectAsync(detecting.Reader, writing.Writer), writing.Writer),
                Parallel(Writers, () => WriteAsync(writing.Reader))).ConfigureAwait(false);
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);
            await reporting.ConfigureAwait(false);
            _running = false;
            WorkerLog.Ended(_logger, _options.Name, metrics.Completed, metrics.Duplicates, metrics.Retried, metrics.Dead);
        }

        return State;

        static Channel<HeldWork> Bounded(int most) => Channel.CreateBounded<HeldWork>(new BoundedChannelOptions(most));

        static Task Parallel(int count, Func<Task> work) => Task.WhenAll(Enumerable.Range(0, count).Select(_ => Task.Run(work, CancellationToken.None)));
    }

    // A stage that ends, or fails, ends those after it.
    private static async Task Stage(Func<Task> run, ChannelWriter<HeldWork> next)
    {
        try
        {
            await Task.Run(run, CancellationToken.None).ConfigureAwait(false);
            next.TryComplete();
        }
        catch (Exception e)
        {
            next.TryComplete(e);
            throw;
        }
    }

    private async Task PullAsync(ChannelWriter<HeldWork> next, CancellationToken stop)
    {
        var pause = TimeSpan.Zero;
        while (!stop.IsCancellationRequested)
        {
            int room = 0;
            try
            {
                room = await _held.ReserveAsync(stop).ConfigureAwait(false);

                // It is not cancelled: what the server has sent would wait for its time to answer.
                await foreach (var delivery in _source.PullAsync(Detector, room, PullWait, CancellationToken.None).ConfigureAwait(false))
                {
                    var work = new HeldWork(delivery, _time.GetUtcNow()) { Span = StartSpan(delivery) };
                    _held.Add(work);
                    room--;
                    await next.WriteAsync(work, CancellationToken.None).ConfigureAwait(false);
                }

                if (_fault is not null)
                {
                    (_fault, pause) = (null, TimeSpan.Zero);
                    WorkerLog.CanPull(_logger);
                }
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                break;
            }
            catch (Exception e) when (e is WorkException or IOException or TimeoutException)
            {
                if (_fault is null)
                {
                    WorkerLog.CannotPull(_logger, e.Message);
                }

                _fault = (e.Message, _fault?.Since ?? _time.GetUtcNow());
                pause = pause == TimeSpan.Zero ? TimeSpan.FromMilliseconds(200) : pause * 2 < LongestPause ? pause * 2 : LongestPause;
                await Task.WhenAny(Task.Delay(pause, stop)).ConfigureAwait(false);
            }
            finally
            {
                _held.Return(room);
            }
        }

        WorkerLog.Stopping(_logger, _options.Name, _held.Count);
    }

    private async Task ObserveAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(StatusInterval);
        try
        {
            while (_queue is not null && await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
            {
                try
                {
                    _metrics!.Observe(await _queue.GetStatusAsync(cancellationToken).ConfigureAwait(false), Detector.Route);
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    WorkerLog.NoStatus(_logger, e.Message);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The run ends.
        }
    }

    private Activity? StartSpan(IWorkDelivery delivery)
    {
        var span = WorkTelemetry.Source.StartActivity("work", ActivityKind.Consumer, WorkTelemetry.Parent(delivery.TraceParent));
        span?.SetTag(WorkTelemetry.WorkerTag, _options.Name).SetTag(WorkTelemetry.JobTag, delivery.Item?.Job);
        if (Activity.Current == span)
        {
            Activity.Current = null; // it spans several tasks; they name it as their parent
        }

        return span;
    }

    private static int RecipeBatch(IZeroShotDetector detector) =>
        detector.Description.Recipe is { } recipe ? Math.Max(1, DetectorRecipe.Parse(recipe).BatchSize) : FallbackBatch;
}
