using System.Collections.Concurrent;
using System.Diagnostics;

namespace MfpClip.Distributed;

/// <summary>What a worker has in hand: never more than it may, and reported to be in work so that nobody else gets it.</summary>
internal sealed class HeldSet(int most, TimeSpan maximumTime)
{
    private readonly ConcurrentDictionary<HeldWork, bool> _held = new();
    private readonly SemaphoreSlim _free = new(most);

    public int Count => _held.Count;

    /// <summary>How long the oldest has been in hand.</summary>
    public TimeSpan Oldest => _held.Keys.Select(h => Stopwatch.GetElapsedTime(h.StartTimestamp)).DefaultIfEmpty().Max();

    /// <summary>Waits until there is room, and takes all of it.</summary>
    /// <returns>Deliveries that may come.</returns>
    public async Task<int> ReserveAsync(CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken).ConfigureAwait(false);
        int room = 1;
        while (_free.Wait(0, CancellationToken.None))
        {
            room++;
        }

        return room;
    }

    public void Add(HeldWork held) => _held[held] = true;

    /// <summary>Gives back room of deliveries that did not come.</summary>
    public void Return(int room)
    {
        if (room > 0)
        {
            _free.Release(room);
        }
    }

    public void Remove(HeldWork held)
    {
        if (_held.TryRemove(held, out _))
        {
            _free.Release();
        }
    }

    /// <summary>Reports everything until it is cancelled; what takes longer than it may is left to others.</summary>
    /// <remarks>On a thread of its own: a pool whose threads are all taken would make everything in hand late, and so computed twice.</remarks>
    public Task ReportAsync(TimeSpan interval, Action<HeldWork, Exception> failed, CancellationToken cancellationToken) =>
        Task.Factory.StartNew(
            () =>
            {
                while (!cancellationToken.WaitHandle.WaitOne(interval))
                {
                    var current = _held.Keys.Where(h => Stopwatch.GetElapsedTime(h.StartTimestamp) < maximumTime);
                    Task.WhenAll(current.Select(h => ReportAsync(h, failed, cancellationToken))).GetAwaiter().GetResult();
                }
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static async Task ReportAsync(HeldWork held, Action<HeldWork, Exception> failed, CancellationToken cancellationToken)
    {
        try
        {
            await held.Delivery.ReportProgressAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            if (!cancellationToken.IsCancellationRequested) // else nothing is in hand any more
            {
                failed(held, e); // delivered again, perhaps; its result is written once
            }
        }
    }
}
