namespace MfpClip.Backbone.Kernels;

/// <summary>Shares attention heads between threads: whole heads first; the last of them are cut into parts, so that threads end together.</summary>
internal static class HeadSharing
{
    private const int TailSplit = 4;

    /// <summary>Calls <paramref name="body"/> with (state, head, part, parts) until every head is done.</summary>
    public static void Run<TState>(int heads, Func<TState> enter, Action<TState, int, int, int> body, Action<TState> leave)
    {
        int whole = Math.Max(0, heads - torch.get_num_threads());
        WorkSharing.Run(whole + ((heads - whole) * TailSplit), 1, enter, (state, i) =>
        {
            int head = i < whole ? i : whole + ((i - whole) / TailSplit);
            var (part, parts) = i < whole ? (0, 1) : ((i - whole) % TailSplit, TailSplit);
            body(state, head, part, parts);
        }, leave);
    }
}
