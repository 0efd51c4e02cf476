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
        CheckWidth(queries.shape[1], memory.shape[1]);
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
                var similar = MatrixProduct.Of(block, memory.narrow(0, m, Math.Min(columns, memory.shape[0] - m)).t());
                var most = (allowed is null ? similar : allowed(q, m, similar)).amax([1]);
                best = (best is null ? most : torch.maximum(best, most)).MoveToOuterDisposeScope();
            }

            parts.Add(best!);
        }

        return (1 - torch.cat(parts, 0)).clamp(0, 2).MoveToOuterDisposeScope();
    }

    /// <summary>The nearest stored tokens of every query, by L2 distance.</summary>
    /// <remarks>They are ranked by a matrix product and their distances then computed from the differences, so that small ones are exact.</remarks>
    /// <param name="queries"><c>[N, D]</c>, float32.</param>
    /// <param name="memory"><c>[M, D]</c>, float32, on the same device.</param>
    /// <param name="count">Neighbours of each, 1 to M.</param>
    /// <param name="cancellationToken">Checked between the blocks.</param>
    /// <param name="ranked">
    /// Takes the first query, first memory and ranks of a block, lower is nearer, and returns what counts; at least <paramref name="count"/> finite ones for
    /// each query. <see langword="null"/>: all.
    /// </param>
    public static Neighbours Find(
        Tensor queries, Tensor memory, int count = 1, CancellationToken cancellationToken = default, Func<long, long, Tensor, Tensor>? ranked = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, memory.shape[0]);
        CheckWidth(queries.shape[1], memory.shape[1]);
        using var scope = torch.NewDisposeScope();
        long columns = Math.Min(memory.shape[0], Math.Max(count, 1L << 16));
        long rows = Math.Clamp(Math.Min(Block / columns, Block / (count * memory.shape[1])), 1, Math.Max(queries.shape[0], 1));
        var lengths = memory.square().sum(1); // [M]
        var (distances, indices) = (new List<Tensor>(), new List<Tensor>());
        for (long q = 0; q < queries.shape[0]; q += rows)
        {
            using var inner = torch.NewDisposeScope();
            var block = queries.narrow(0, q, Math.Min(rows, queries.shape[0] - q));
            long first = q;
            var candidates = Rank(
                block, memory, lengths, count, columns, ranked is null ? null : (m, ranks) => ranked(first, m, ranks), cancellationToken); // [n, k]
            var (squared, found) = Measure(block, memory, candidates);
            distances.Add(squared.MoveToOuterDisposeScope());
            indices.Add(found.MoveToOuterDisposeScope());
        }

        return new(torch.cat(distances, 0).MoveToOuterDisposeScope(), torch.cat(indices, 0).MoveToOuterDisposeScope());
    }

    /// <summary>Neighbours that are known already, with distances computed from the differences and in their order.</summary>
    /// <param name="queries"><c>[N, D]</c>.</param>
    /// <param name="memory"><c>[M, D]</c>.</param>
    /// <param name="candidates">Rows of the memory, <c>[N, K]</c>.</param>
    /// <param name="cancellationToken">Checked between the blocks.</param>
    public static Neighbours Exact(Tensor queries, Tensor memory, Tensor candidates, CancellationToken cancellationToken)
    {
        using var scope = torch.NewDisposeScope();
        long rows = Math.Clamp(Block / (candidates.shape[1] * memory.shape[1]), 1, Math.Max(queries.shape[0], 1));
        var (distances, indices) = (new List<Tensor>(), new List<Tensor>());
        for (long q = 0; q < queries.shape[0]; q += rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            long some = Math.Min(rows, queries.shape[0] - q);
            var (squared, found) = Measure(queries.narrow(0, q, some), memory, candidates.narrow(0, q, some));
            distances.Add(squared);
            indices.Add(found);
        }

        return new(torch.cat(distances, 0).MoveToOuterDisposeScope(), torch.cat(indices, 0).MoveToOuterDisposeScope());
    }

    private static (Tensor Squared, Tensor Rows) Measure(Tensor block, Tensor memory, Tensor candidates)
    {
        using var scope = torch.NewDisposeScope();
        var stored = memory.index_select(0, candidates.reshape(-1)).view(block.shape[0], candidates.shape[1], memory.shape[1]);
        var (squared, order) = (block.unsqueeze(1) - stored).square().sum(2).sort(1);
        return (squared.MoveToOuterDisposeScope(), candidates.gather(1, order).MoveToOuterDisposeScope());
    }

    /// <summary>The highest dot products with the tokens of several memories together, in one order.</summary>
    /// <param name="queries"><c>[N, D]</c>.</param>
    /// <param name="memories"><c>[M, D]</c> each, on the same device.</param>
    /// <param name="count">How many of each query, 1 to the tokens of all memories.</param>
    /// <param name="cancellationToken">Checked between the blocks.</param>
    /// <returns><c>[N, count]</c>, descending.</returns>
    public static Tensor Highest(Tensor queries, IReadOnlyList<Tensor> memories, int count, CancellationToken cancellationToken)
    {
        using var scope = torch.NewDisposeScope();
        long columns = Math.Max(Block / Math.Max(queries.shape[0], 1), 1);
        Tensor? best = null;
        foreach (var memory in memories)
        {
            CheckWidth(queries.shape[1], memory.shape[1]);
            for (long m = 0; m < memory.shape[0]; m += columns)
            {
                cancellationToken.ThrowIfCancellationRequested();
                using var inner = torch.NewDisposeScope();
                var similar = MatrixProduct.Of(queries, memory.narrow(0, m, Math.Min(columns, memory.shape[0] - m)).t());
                similar = best is null ? similar : torch.cat([best, similar], 1);
                best = similar.topk((int)Math.Min(count, similar.shape[1]), dim: 1, largest: true, sorted: true).values.MoveToOuterDisposeScope();
            }
        }

        return best!.MoveToOuterDisposeScope();
    }

    /// <summary>A product of wrong sizes ends the process: libtorch aborts where others throw.</summary>
    /// <exception cref="ReferenceException">The widths differ.</exception>
    public static void CheckWidth(long image, long stored)
    {
        if (image != stored)
        {
            throw new ReferenceException(null, $"the stored tokens have {stored} values, those of the image {image}: they were stored with other Stages or "
                + "Features (ReferenceOptions) than the file says, or with another network. Take them again from the images.");
        }
    }

    // |m|^2 - 2 q m: the square of the query itself ranks nothing.
    private static Tensor Rank(
        Tensor block, Tensor memory, Tensor lengths, int count, long columns, Func<long, Tensor, Tensor>? ranked, CancellationToken cancellationToken)
    {
        (Tensor Values, Tensor Rows)? best = null;
        for (long m = 0; m < memory.shape[0]; m += columns)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var inner = torch.NewDisposeScope();
            long taken = Math.Min(columns, memory.shape[0] - m);
            var ranks = torch.addmm(lengths.narrow(0, m, taken).unsqueeze(0), block, memory.narrow(0, m, taken).t(), beta: 1, alpha: -2);
            var (values, rows) = Smallest(ranked is null ? ranks : ranked(m, ranks), (int)Math.Min(count, taken));
            rows = rows + m;
            if (best is { } earlier)
            {
                var all = torch.cat([earlier.Values, values], 1);
                (values, var chosen) = Smallest(all, (int)Math.Min(count, all.shape[1]));
                rows = torch.cat([earlier.Rows, rows], 1).gather(1, chosen);
            }

            best = (values.MoveToOuterDisposeScope(), rows.MoveToOuterDisposeScope());
        }

        return best!.Value.Rows;
    }

    private static (Tensor Values, Tensor Indices) Smallest(Tensor ranks, int count) => count == 1
        ? ranks.min(1, keepdim: true)
        : ranks.topk(count, dim: 1, largest: false, sorted: true);
}
