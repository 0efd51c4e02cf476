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
    public async Task ReportAsync(TimeSpan interval, Action<HeldWork, Exception> failed, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(interval);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
            {
                foreach (var held in _held.Keys.Where(h => Stopwatch.GetElapsedTime(h.StartTimestamp) < maximumTime))
                {
                    try
                    {
                        await held.Delivery.ReportProgressAsync(cancellationToken).ConfigureAwait(false);
                    }
                    catch (Exception e) when (!cancellationToken.IsCancellationRequested)
                    {
                        failed(held, e); // delivered again, perhaps; its result is written once
                    }
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Nothing is in hand any more.
        }
    }
}
