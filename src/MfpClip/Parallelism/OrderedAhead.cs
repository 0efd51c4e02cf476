namespace MfpClip.Parallelism;

/// <summary>Pieces of a known number, made by several threads while the caller works on those before, and given in order.</summary>
internal static class OrderedAhead
{
    /// <summary>The pieces in order. No more than <paramref name="ahead"/> are made or wait besides the one that the caller has.</summary>
    /// <param name="count">Pieces.</param>
    /// <param name="make">Makes one; called from several threads at once.</param>
    /// <param name="ahead">Pieces that are begun before the caller asks for them.</param>
    /// <param name="workers">Pieces that are made at the same time; 0: by the caller, when it asks.</param>
    /// <param name="cancellationToken">Stops; what is being made is waited for.</param>
    /// <exception cref="Exception">What the first piece in order that failed threw.</exception>
    public static IEnumerable<T> Select<T>(int count, Func<int, T> make, int ahead, int workers, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var free = new SemaphoreSlim(Math.Max(workers, 1));
        var running = new Queue<Task<T>>();
        int next = 0;
        try
        {
            for (int done = 0; done < count; done++)
            {
                for (; workers > 0 && next < count && running.Count <= ahead; next++)
                {
                    running.Enqueue(Start(make, next, free, ending.Token));
                }

                cancellationToken.ThrowIfCancellationRequested();

                // Unwrapped, so that an unreadable image is reported as what it is.
                yield return workers > 0 ? running.Dequeue().GetAwaiter().GetResult() : make(done);
            }
        }
        finally
        {
            ending.Cancel();
            foreach (var task in running)
            {
                ((IAsyncResult)task).AsyncWaitHandle.WaitOne();
                _ = task.Exception; // seen: nobody asks for this piece any more
            }
        }
    }

    private static Task<T> Start<T>(Func<int, T> make, int index, SemaphoreSlim free, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            free.Wait(cancellationToken);
            try
            {
                return make(index);
            }
            finally
            {
                free.Release();
            }
        },
        cancellationToken);
}
