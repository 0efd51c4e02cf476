using MfpClip.Execution;

namespace MfpClip.References;

/// <summary>Normal cells as a memory of tokens: a cell is as far away as its nearest neighbours in it (PatchCore family, arXiv 2106.08265).</summary>
internal sealed class NeighbourModel : INormalModel
{
    private readonly IReadOnlyList<ReferenceEntry> _entries;
    private readonly ReferenceOptions _options;
    private readonly Tensor _memory; // [M, D] where the pass computes

    /// <param name="entries">Stay the caller's, and outlive this.</param>
    /// <param name="options">Checked before.</param>
    /// <param name="device">Where distances are computed.</param>
    public NeighbourModel(IReadOnlyList<ReferenceEntry> entries, ReferenceOptions options, Device device)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        (_entries, _options) = (entries, options);
        _memory = torch.cat([.. entries.Select(Coreset)], 0).to(device).contiguous().DetachFromDisposeScope();
    }

    public long Tokens => _memory.shape[0];

    public int Width => (int)_memory.shape[1];

    public double Noise => 0.001; // a cosine distance

    public double? AnyTwo
    {
        get
        {
            using var scope = torch.NewDisposeScope();
            return 1 - torch.cat([.. _entries.Select(e => e.Tokens)], 0).mean([0]).pow(2).sum().item<float>(); // mean cosine distance of unit vectors
        }
    }

    /// <summary>Tokens of an image that others are compared with.</summary>
    public static int Kept(ReferenceEntry entry, ReferenceOptions options) =>
        Math.Clamp((int)Math.Ceiling(options.CoresetRatio * entry.Rows * entry.Columns), 1, entry.Cells.Length);

    public Tensor Distances(Tensor vectors, IReadOnlyList<ReferenceEntry?>? leftOut, ForwardContext context)
    {
        using var scope = torch.NewDisposeScope();
        return leftOut is null ? All(vectors, context).MoveToOuterDisposeScope()
            : torch.cat([.. leftOut.Select((entry, i) => entry is null ? All(vectors.narrow(0, i, 1), context)
                : Others(vectors[i].to(_memory.device), [.. Enumerable.Range(0, (int)vectors.shape[1])], entry, context.CancellationToken).unsqueeze(0))], 0)
                .MoveToOuterDisposeScope();
    }

    public IReadOnlyList<float[]> LeftOut(CancellationToken cancellationToken)
    {
        using var scope = torch.NewDisposeScope();
        if (_entries is [var only])
        {
            return [Others(only.Tokens, only.Cells, only, cancellationToken).cpu().data<float>().ToArray()];
        }

        // All at once: each query is compared with the whole memory but the tokens of its own image.
        var owners = Owners(e => Kept(e, _options));
        var all = new List<float[]>();
        foreach (var chunk in _entries.Select((entry, i) => (entry, i)).Chunk(64))
        {
            using var step = torch.NewDisposeScope();
            var queries = torch.cat([.. chunk.Select(c => c.entry.Usual)], 0).to(_memory.device);
            var askers = torch.cat([.. chunk.Select(c => torch.full([c.entry.Usual.shape[0]], c.i, ScalarType.Int32))], 0).to(_memory.device);
            float[] distances = NearestNeighbours.Distances(
                queries, _memory,
                (q, m, s) => s.masked_fill(askers.narrow(0, q, s.shape[0]).unsqueeze(1).eq(owners.narrow(0, m, s.shape[1]).unsqueeze(0)), -1),
                cancellationToken).cpu().data<float>().ToArray();
            int at = 0;
            foreach (var (entry, _) in chunk)
            {
                int count = (int)entry.Usual.shape[0];
                all.Add(distances[at..(at + count)]);
                at += count;
            }
        }

        return all;
    }

    public void Dispose() => _memory.Dispose();

    private Tensor All(Tensor vectors, ForwardContext context)
    {
        using var scope = torch.NewDisposeScope();
        var flat = vectors.reshape(-1, vectors.shape[2]).to(_memory.device);
        var distances = context.Features is { } store ? EntryByEntry(flat, store, context.CancellationToken)
            : NearestNeighbours.Distances(flat, _memory, null, context.CancellationToken);
        return distances.view(vectors.shape[0], vectors.shape[1]).MoveToOuterDisposeScope();
    }

    // Banks of 1, 2, 4 and 8 images that are tested together share the distances to each image.
    private Tensor EntryByEntry(Tensor vectors, IFeatureStore store, CancellationToken cancellationToken)
    {
        var input = FeatureInputs.Of(vectors);
        return _entries.Select(e =>
        {
            using var tokens = Coreset(e);
            var key = new FeatureKey
            {
                Network = string.Empty, Instance = $"{e.Id} {tokens.shape[0]} {_options.Seed}", What = "distances", Precision = vectors.dtype,
                Device = vectors.device.ToString(),
            };
            return store.Get(key, input, () => [NearestNeighbours.Distances(vectors, tokens.to(vectors.device), null, cancellationToken)])[0];
        }).Aggregate(torch.minimum);
    }

    private Tensor Owners(Func<ReferenceEntry, int> count) =>
        torch.cat([.. _entries.Select((e, i) => torch.full([count(e)], i, ScalarType.Int32))], 0).to(_memory.device);

    private Tensor Coreset(ReferenceEntry entry) => entry.Tokens.narrow(0, 0, Kept(entry, _options));

    private Tensor Others(Tensor queries, int[] cells, ReferenceEntry entry, CancellationToken cancellationToken) => _entries.Count > 1
        ? NearestNeighbours.Distances(
            queries, torch.cat([.. _entries.Where(e => e.Id != entry.Id).Select(Coreset)], 0).to(queries.device), null, cancellationToken)
        : NearestNeighbours.Distances(
            queries, entry.Tokens.to(queries.device), (q, m, s) => WithoutNeighbours(entry, cells, q, m, s), cancellationToken);

    // With one image there is nothing to leave out but the place itself and those whose neighbourhoods overlap with it.
    private Tensor WithoutNeighbours(ReferenceEntry entry, int[] cells, long first, long firstMemory, Tensor similar)
    {
        var (queries, memory) = (Places(cells, entry.Columns, first, similar.shape[0]), Places(entry.Cells, entry.Columns, firstMemory, similar.shape[1]));
        var near = (queries.Rows.unsqueeze(1) - memory.Rows.unsqueeze(0)).abs().le(_options.Neighbourhood)
            .logical_and((queries.Columns.unsqueeze(1) - memory.Columns.unsqueeze(0)).abs().le(_options.Neighbourhood));
        return similar.masked_fill(near.to(similar.device), -1);
    }

    private static (Tensor Rows, Tensor Columns) Places(int[] all, int columns, long first, long count)
    {
        var cells = all.AsSpan((int)first, (int)count).ToArray();
        return (torch.tensor(cells.Select(c => c / columns).ToArray()), torch.tensor(cells.Select(c => c % columns).ToArray()));
    }
}
