namespace MfpClip.Parallelism;

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
