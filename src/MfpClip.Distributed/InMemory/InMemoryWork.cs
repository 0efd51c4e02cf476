using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace MfpClip.Distributed;

/// <summary>
/// Queue, source and results in the memory of one process, with the behaviour of a server: at least once, answers in time, results once. What is not collected
/// ends with the process.
/// </summary>
public sealed partial class InMemoryWork : IWorkQueue, IWorkSource, IResultSink
{
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _arrived = new(0);
    private readonly List<WorkItem> _submitted = [];
    private readonly HashSet<string> _ids = new(StringComparer.Ordinal);
    private readonly LinkedList<Message> _waiting = [];
    private readonly Dictionary<long, Message> _delivered = [];
    private readonly ConcurrentDictionary<string, byte[]> _results = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, DeadItem> _dead = new(StringComparer.Ordinal);
    private readonly HashSet<string> _pulled = new(StringComparer.Ordinal);
    private readonly TimeProvider _time;
    private readonly bool _keepsJobs;
    private long _next;

    /// <summary>Creates an empty one.</summary>
    /// <param name="ackWait">Time in which a delivery has to be answered; 30 seconds by default.</param>
    /// <param name="time">The clock; the system's by default.</param>
    /// <param name="keepsJobs">Whether submitted work can be read afterwards; its memory then grows with the jobs.</param>
    public InMemoryWork(TimeSpan? ackWait = null, TimeProvider? time = null, bool keepsJobs = true)
    {
        (AckWait, _time, _keepsJobs) = (ackWait ?? TimeSpan.FromSeconds(30), time ?? TimeProvider.System, keepsJobs);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(AckWait, TimeSpan.Zero, nameof(ackWait));
    }

    /// <inheritdoc/>
    public TimeSpan AckWait { get; }

    /// <inheritdoc/>
    public Task<bool> SubmitAsync(WorkItem item, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(item);
        cancellationToken.ThrowIfCancellationRequested();
        WorkChecks.ThrowIfInvalid(item);
        return Task.FromResult(Add(item, item.Id, item.Detector.Route, null));
    }

    /// <summary>Puts in what is no work, as another program could.</summary>
    internal void SubmitRaw(DetectorFingerprint detector, string id, string fault) => Add(null, id, detector.Route, fault);

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> GetJobsAsync(DetectorFingerprint detector, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            var jobs = _submitted.Where(i => i.Detector == detector).Reverse().Select(i => i.Job).Distinct().Reverse();
            return Task.FromResult<IReadOnlyList<string>>([.. jobs]);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<WorkItem> ReadJobAsync(
        DetectorFingerprint detector, string job, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        WorkItem[] items;
        lock (_gate)
        {
            items = [.. _submitted.Where(i => i.Job == job && i.Detector == detector)];
        }

        await Task.CompletedTask.ConfigureAwait(false);
        foreach (var item in items)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return item;
        }
    }

    /// <inheritdoc/>
    public Task<WorkStatus> GetStatusAsync(CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            string[] routes = [.. _submitted.Select(i => i.Detector.Route).Concat(_waiting.Select(m => m.Route)).Distinct()];
            return Task.FromResult(new WorkStatus
            {
                Results = _results.Count, Dead = _dead.Count,
                Detectors =
                [
                    .. routes.Select(r => new DetectorWork(r, _submitted.Count(i => i.Detector.Route == r),
                        _waiting.Count(m => m.Route == r && m.Attempts == 0), Open(r).Count(), Open(r).Count(m => m.Attempts > 1), _pulled.Contains(r))),
                ],
            });
        }

        IEnumerable<Message> Open(string route) => _delivered.Values.Concat(_waiting.Where(m => m.Attempts > 0)).Where(m => m.Route == route);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<IWorkDelivery> PullAsync(
        DetectorFingerprint detector, int most, TimeSpan wait, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(detector);
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        string route = detector.Route;
        long start = _time.GetTimestamp();
        for (int taken = 0; taken < most;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Take(route) is { } delivery)
            {
                taken++;
                yield return delivery;
                continue;
            }

            var left = wait - _time.GetElapsedTime(start);
            if (left <= TimeSpan.Zero)
            {
                yield break;
            }

            // Also without a message: a delivery may have passed its time.
            await _arrived.WaitAsync(left < TimeSpan.FromMilliseconds(50) ? left : TimeSpan.FromMilliseconds(50), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public Task<bool> CreateAsync(WorkResult result, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(result);
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(_results.TryAdd(result.Key, WorkJson.Write(result)));
    }

    /// <inheritdoc/>
    public Task<bool> ExistsAsync(string key, CancellationToken cancellationToken = default) => Task.FromResult(_results.ContainsKey(key));

    /// <inheritdoc/>
    public Task<WorkResult?> ReadAsync(string key, CancellationToken cancellationToken = default) =>
        Task.FromResult(_results.TryGetValue(key, out byte[]? bytes) ? WorkJson.Read(bytes, WorkJson.Readable.WorkResult, key) : null);

    /// <inheritdoc/>
    public async IAsyncEnumerable<string> ReadKeysAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        foreach (string key in _results.Keys)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return key;
        }
    }

    /// <inheritdoc/>
    public Task<bool> AddDeadAsync(DeadItem dead, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(dead);
        return Task.FromResult(_dead.TryAdd(dead.Id, dead));
    }

    /// <inheritdoc/>
    public Task<DeadItem?> ReadDeadAsync(string id, CancellationToken cancellationToken = default) => Task.FromResult(_dead.GetValueOrDefault(id));

    /// <inheritdoc/>
    public async IAsyncEnumerable<DeadItem> ReadAllDeadAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        foreach (var dead in _dead.Values.OrderBy(d => d.Time))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return dead;
        }
    }

    /// <summary>Forgets a result that was collected, so that memory stays bounded.</summary>
    /// <param name="key">The work's key.</param>
    public void Remove(string key) => _results.TryRemove(key, out _);

    private bool Add(WorkItem? item, string id, string route, string? fault)
    {
        lock (_gate)
        {
            if (!_ids.Add(id))
            {
                return false;
            }

            if (item is not null && _keepsJobs)
            {
                _submitted.Add(item);
            }

            _waiting.AddLast(new Message(_next++, item, id, route, fault, WorkTelemetry.CurrentTraceParent));
        }

        if (_arrived.CurrentCount == 0)
        {
            _arrived.Release();
        }

        return true;
    }

    private Delivery? Take(string route)
    {
        var now = _time.GetUtcNow();
        lock (_gate)
        {
            _pulled.Add(route);
            foreach (var late in _delivered.Values.Where(m => m.Due <= now).OrderBy(m => m.Number).ToList())
            {
                _delivered.Remove(late.Number);
                _waiting.AddFirst(late);
            }

            for (var node = _waiting.First; node is not null; node = node.Next)
            {
                var message = node.Value;
                if (message.Route == route && message.Due <= now)
                {
                    _waiting.Remove(node);
                    (message.Attempts, message.Due) = (message.Attempts + 1, now + AckWait);
                    _delivered[message.Number] = message;
                    return new(this, message, message.Attempts);
                }
            }
        }

        return null;
    }
}
