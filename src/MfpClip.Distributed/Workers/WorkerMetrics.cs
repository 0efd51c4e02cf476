using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace MfpClip.Distributed;

/// <summary>Metrics of one worker, and of the queue as it sees it.</summary>
internal sealed class WorkerMetrics : IDisposable
{
    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60],
    };

    private readonly Meter _meter = new(WorkTelemetry.MeterName);
    private readonly KeyValuePair<string, object?> _worker;
    private readonly Counter<long> _images, _duplicates, _retried, _dead;
    private readonly Histogram<double> _stage;
    private readonly Histogram<int> _batch;
    private readonly Queue<long> _recent = new();
    private long _completed, _duplicated, _givenUp, _putBack;
    private DetectorWork? _work;
    private long _allDead;

    public WorkerMetrics(string worker, HeldSet held)
    {
        _worker = new(WorkTelemetry.WorkerTag, worker);
        _images = _meter.CreateCounter<long>("mfpclip.work.images", "{image}", "Results written.");
        _duplicates = _meter.CreateCounter<long>("mfpclip.work.duplicates", "{message}", "Deliveries whose result was there already.");
        _retried = _meter.CreateCounter<long>("mfpclip.work.retries", "{message}", "Deliveries put back for a later attempt.");
        _dead = _meter.CreateCounter<long>("mfpclip.work.dead", "{message}", "Deliveries given up.");
        _stage = _meter.CreateHistogram("mfpclip.work.stage.duration", "s", "One stage of an image.", tags: null, Seconds);
        _batch = _meter.CreateHistogram<int>("mfpclip.work.batch.size", "{image}", "Images of a batch.");
        _meter.CreateObservableGauge("mfpclip.work.held", () => Measure(held.Count), "{message}", "Deliveries in hand.");
        _meter.CreateObservableGauge("mfpclip.work.images_per_second", () => new Measurement<double>(Rate(), _worker), "{image}/s", "Of the last 10 seconds.");
        _meter.CreateObservableGauge("mfpclip.queue.pending", () => Measure(_work?.Pending ?? 0), "{message}", "Work never delivered.");
        _meter.CreateObservableGauge("mfpclip.queue.ack_pending", () => Measure(_work?.AckPending ?? 0), "{message}", "Work delivered, not answered.");
        _meter.CreateObservableGauge("mfpclip.queue.redelivered", () => Measure(_work?.Redelivered ?? 0), "{message}", "Of those, more than once.");
        _meter.CreateObservableGauge("mfpclip.queue.dead", () => Measure(_allDead), "{message}", "Work given up, of all workers.");
    }

    public long Completed => Interlocked.Read(ref _completed);

    public long Duplicates => Interlocked.Read(ref _duplicated);

    public long Dead => Interlocked.Read(ref _givenUp);

    public long Retried => Interlocked.Read(ref _putBack);

    public void AddResult(bool isNew)
    {
        if (!isNew)
        {
            _duplicates.Add(1, _worker);
            Interlocked.Increment(ref _duplicated);
            return;
        }

        _images.Add(1, _worker);
        Interlocked.Increment(ref _completed);
        lock (_recent)
        {
            _recent.Enqueue(Stopwatch.GetTimestamp());
            Forget();
        }
    }

    public void AddRetry()
    {
        _retried.Add(1, _worker);
        Interlocked.Increment(ref _putBack);
    }

    public void AddDead(DeadCause cause)
    {
        _dead.Add(1, _worker, new(WorkTelemetry.CauseTag, cause.ToString()));
        Interlocked.Increment(ref _givenUp);
    }

    public void AddStage(string stage, TimeSpan time) => _stage.Record(time.TotalSeconds, _worker, new(WorkTelemetry.StageTag, stage));

    public void AddBatch(int size) => _batch.Record(size, _worker);

    public void Observe(WorkStatus status, string route) =>
        (_work, _allDead) = (status.Detectors.FirstOrDefault(d => d.Route == route), status.Dead);

    public void Dispose() => _meter.Dispose();

    private Measurement<long> Measure(long value) => new(value, _worker);

    private double Rate()
    {
        lock (_recent)
        {
            Forget();
            return _recent.Count / 10.0;
        }
    }

    private void Forget()
    {
        while (_recent.TryPeek(out long first) && Stopwatch.GetElapsedTime(first) > TimeSpan.FromSeconds(10))
        {
            _recent.Dequeue();
        }
    }
}
