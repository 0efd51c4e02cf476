namespace MfpClip.Parallelism;

/// <summary>Shares numbered pieces of work between as many threads as libtorch may use.</summary>
internal static class ParallelPieces
{
    /// <summary>Calls <paramref name="body"/> once for each number; returns when all are done.</summary>
    /// <param name="pieces">Number of pieces.</param>
    /// <param name="minimum">Pieces below which one thread does them all.</param>
    /// <param name="enter">Makes a thread's own state.</param>
    /// <param name="body">Does a piece.</param>
    /// <param name="leave">Gives a thread's state back.</param>
    public static void Run<TState>(int pieces, int minimum, Func<TState> enter, Action<TState, int> body, Action<TState> leave)
    {
        int threads = Math.Min(torch.get_num_threads(), pieces);
        int next = -1;
        if (threads <= 1 || pieces <= minimum)
        {
            Work();
            return;
        }

        if (!SpinningThreadPool.TryRun(threads, Work))
        {
            Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, _ => Work());
        }

        void Work()
        {
            if (Volatile.Read(ref next) >= pieces)
            {
                return; // came late: others have done everything
            }

            var state = enter();
            try
            {
                for (int i = Interlocked.Increment(ref next); i < pieces; i = Interlocked.Increment(ref next))
                {
                    body(state, i);
                }
            }
            finally
            {
                leave(state);
            }
        }
    }
}

/// <summary>Shares large pieces of work between threads: whole pieces first; the last of them are cut into parts, so that threads end together.</summary>
internal static class ParallelTail
{
    private const int TailSplit = 4;

    /// <summary>Calls <paramref name="body"/> with (state, piece, part, parts) until every piece is done.</summary>
    public static void Run<TState>(int pieces, Func<TState> enter, Action<TState, int, int, int> body, Action<TState> leave)
    {
        int whole = Math.Max(0, pieces - torch.get_num_threads());
        ParallelPieces.Run(whole + ((pieces - whole) * TailSplit), 1, enter, (state, i) =>
        {
            int piece = i < whole ? i : whole + ((i - whole) / TailSplit);
            var (part, parts) = i < whole ? (0, 1) : ((i - whole) % TailSplit, TailSplit);
            body(state, piece, part, parts);
        }, leave);
    }
}
