namespace MfpClip.References;

/// <summary>Distance of every token to its nearest one in a memory, block by block.</summary>
internal static class NearestNeighbours
{
    /// <summary>Similarities held at once at most: 16 million floats, 64 MB.</summary>
    private const long Block = 16L << 20;

    /// <summary>Cosine distance, one minus the highest dot product of unit vectors.</summary>
    /// <param name="queries"><c>[N, D]</c>.</param>
    /// <param name="memory"><c>[M, D]</c>, M at least 1.</param>
    /// <param name="allowed">Takes the first query, first memory and similarities of a block, and returns what counts; <see langword="null"/>: all.</param>
    /// <param name="cancellationToken">Checked between the blocks.</param>
    /// <returns><c>[N]</c>, 0 to 2.</returns>
    public static Tensor Distances(
        Tensor queries, Tensor memory, Func<long, long, Tensor, Tensor>? allowed = null, CancellationToken cancellationToken = default)
    {
        using var scope = torch.NewDisposeScope();
        long rows = Math.Clamp(Block / memory.shape[0], 1, queries.shape[0]);
        long columns = Math.Min(Block / rows, memory.shape[0]);
        var parts = new List<Tensor>();
        for (long q = 0; q < queries.shape[0]; q += rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var block = queries.narrow(0, q, Math.Min(rows, queries.shape[0] - q));
            Tensor? best = null;
            for (long m = 0; m < memory.shape[0]; m += columns)
            {
                using var inner = torch.NewDisposeScope();
                var similar = torch.matmul(block, memory.narrow(0, m, Math.Min(columns, memory.shape[0] - m)).t());
                var most = (allowed is null ? similar : allowed(q, m, similar)).amax([1]);
                best = (best is null ? most : torch.maximum(best, most)).MoveToOuterDisposeScope();
            }

            parts.Add(best!);
        }

        return (1 - torch.cat(parts, 0)).clamp(0, 2).MoveToOuterDisposeScope();
    }
}
