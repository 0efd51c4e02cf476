using System.Collections.Concurrent;

namespace MfpClip.Distributed;

/// <summary>
/// The one thread that a worker detects on. A forward pass on a thread of the pool would keep it from what sends the reports that work is in hand, and native
/// libraries set themselves up for each new thread.
/// </summary>
internal sealed class DetectorThread : IDisposable
{
    private readonly BlockingCollection<Action> _work = new(boundedCapacity: 1);
    private readonly Thread _thread;

    public DetectorThread(string name)
    {
        _thread = new(Run) { IsBackground = true, Name = name };
        _thread.Start();
    }

    public Task<T> RunAsync<T>(Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _work.Add(() =>
        {
            try
            {
                done.SetResult(work());
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        });
        return done.Task;
    }

    public void Dispose()
    {
        _work.CompleteAdding();
        _thread.Join();
        _work.Dispose();
    }

    private void Run()
    {
        foreach (var work in _work.GetConsumingEnumerable())
        {
            work();
        }
    }
}
