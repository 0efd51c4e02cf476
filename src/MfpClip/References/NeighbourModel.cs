using MfpClip.Execution;
using MfpClip.Kernels;

namespace MfpClip.References;

/// <summary>Normal cells as a memory of tokens: a cell is as far away as its nearest neighbours in it (PatchCore family, arXiv 2106.08265).</summary>
internal sealed class NeighbourModel : INormalModel
{
    private readonly IReadOnlyList<ReferenceEntry> _entries;
    private readonly IReadOnlyList<Tensor> _kept; // of each entry, [K, D] on the CPU
    private readonly ReferenceOptions _options;
    private readonly Tensor _memory; // [M, D] where the pass computes
    private readonly Lazy<TokenSearch?> _search;

    /// <param name="entries">Stay the caller's, and outlive this.</param>
    /// <param name="options">Checked before.</param>
    /// <param name="device">Where distances are computed.</param>
    /// <param name="kept">
    /// Tokens of each entry that others are compared with; <see langword="null"/>: the first of its coreset order. Stay the caller's.
    /// </param>
    public NeighbourModel(
        IReadOnlyList<ReferenceEntry> entries, ReferenceOptions options, Device device, IReadOnlyList<Tensor>? kept = null)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        (_entries, _options) = (entries, options);
        _kept = [.. (kept ?? [.. entries.Select(e => e.Tokens.narrow(0, 0, Kept(e, options)))]).Select(k => k.alias().DetachFromDisposeScope())];
        _memory = torch.cat([.. _kept], 0).to(device).contiguous().DetachFromDisposeScope();
        _search = new(() =>
        {
            if (!TokenSearch.Serves(_memory))
            {
                return null;
            }

            // The nearest by the L2 distance has the highest q m - |m|^2 / 2; of unit vectors that is the highest product.
            using var inner = torch.NewDisposeScope();
            return new(_memory, Distance == NeighbourDistance.Cosine ? null : _memory.square().sum(1).mul(-0.5f));
        });
    }

    /// <summary>How tokens are compared.</summary>
    /// <value>Default <see cref="NeighbourDistance.Cosine"/>; tokens are then unit vectors.</value>
    public NeighbourDistance Distance { get; init; }

    /// <summary>Nearest tokens that a distance is the mean of.</summary>
    public int Neighbours { get; init; } = 1;

    /// <summary>What is stored without a reference; <see langword="null"/>: the tokens of the others.</summary>
    public IChosenTokens? Chosen { get; init; }

    /// <summary>All tokens, <c>[M, D]</c>; the model's own.</summary>
    public Tensor Memory => _memory;

    public long Tokens => _memory.shape[0];

    public int Width => (int)_memory.shape[1];

    public double Noise => Distance == NeighbourDistance.Cosine ? 0.001 : 0.001 * Math.Max(AnyTwo ?? 0, 1e-12);

    public bool LeavesOut => _entries.Count > 1;

    public double? AnyTwo
    {
        get
        {
            using var scope = torch.NewDisposeScope();
            var all = torch.cat([.. _entries.Select(e => e.Tokens)], 0);
            var mean = all.mean([0]);
            if (Distance == NeighbourDistance.Cosine)
            {
                return 1 - mean.pow(2).sum().item<float>(); // of unit vectors
            }

            double squared = 2 * (all - mean).square().sum(1).mean().item<float>(); // twice the variance is the mean squared distance of two
            return Distance == NeighbourDistance.Euclidean ? Math.Sqrt(squared) : squared;
        }
    }

    // The plain nearest neighbour by the cosine is one matrix product.
    private bool IsPlain => Distance == NeighbourDistance.Cosine && Neighbours == 1;

    /// <summary>Tokens of an image that others are compared with.</summary>
    public static int Kept(ReferenceEntry entry, ReferenceOptions options) => options.CoresetRatio >= 1 ? entry.Cells.Length
        : Math.Clamp((int)Math.Ceiling(options.CoresetRatio * entry.Rows * entry.Columns), 1, entry.Cells.Length);

    public Tensor Distances(Tensor vectors, IReadOnlyList<ReferenceEntry?>? leftOut, ForwardContext context)
    {
        using var scope = torch.NewDisposeScope();
        return leftOut is null ? All(vectors, context).MoveToOuterDisposeScope()
            : torch.cat([.. leftOut.Select((entry, i) => entry is null ? All(vectors.narrow(0, i, 1), context)
                : Others(vectors[i].to(_memory.device), [.. Enumerable.Range(0, (int)vectors.shape[1])], entry, context.CancellationToken).unsqueeze(0))], 0)
                .MoveToOuterDisposeScope();
    }

    /// <summary>The memory without one reference, in the caller's scope.</summary>
    /// <exception cref="ReferenceException">There is no other.</exception>
    public Tensor Without(ReferenceEntry entry) => _entries.Count == 1
        ? throw new ReferenceException(entry.Name, "it is the only reference, so nothing is left to compare it with. Add another one.")
        : Chosen is not null ? Chosen.Without(Chosen.GroupOf(entry)).to(_memory.device)
        : torch.cat([.. _entries.Zip(_kept).Where(p => p.First.Id != entry.Id).Select(p => p.Second)], 0).to(_memory.device);

    public IReadOnlyList<float[]> LeftOut(CancellationToken cancellationToken)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        return _entries is [var only] ? [Others(only.Usual, only.Cells[..(int)only.Usual.shape[0]], only, cancellationToken).cpu().data<float>().ToArray()]
            : Chosen is not null ? ByGroup(Chosen, cancellationToken)
            : IsPlain ? AtOnce(cancellationToken) : [.. _entries.Select(e => ToOthers(e, Without(e), cancellationToken))];
    }

    private List<float[]> ByGroup(IChosenTokens chosen, CancellationToken cancellationToken)
    {
        var all = new float[_entries.Count][];
        foreach (var group in _entries.Select((entry, at) => (entry, at)).GroupBy(e => chosen.GroupOf(e.entry)))
        {
            using var step = torch.NewDisposeScope();
            var memory = chosen.Without(group.Key).to(_memory.device);
            foreach (var (entry, at) in group)
            {
                all[at] = ToOthers(entry, memory, cancellationToken);
            }
        }

        return [.. all];
    }

    private float[] ToOthers(ReferenceEntry entry, Tensor memory, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var step = torch.NewDisposeScope();
        return Nearest(entry.Usual.to(_memory.device), memory, cancellationToken).cpu().data<float>().ToArray();
    }

    public void Dispose()
    {
        if (_search.IsValueCreated)
        {
            _search.Value?.Dispose();
        }

        _memory.Dispose();
        foreach (var kept in _kept)
        {
            kept.Dispose();
        }
    }

    /// <summary>The nearest of all tokens, in the caller's scope.</summary>
    /// <param name="queries"><c>[N, D]</c>.</param>
    /// <param name="count">How many; all where there are fewer.</param>
    /// <param name="cancellationToken">Checked between blocks.</param>
    public Neighbours Find(Tensor queries, int count, CancellationToken cancellationToken)
    {
        count = (int)Math.Min(count, _memory.shape[0]);
        NearestNeighbours.CheckWidth(queries.shape[1], _memory.shape[1]);
        if (count > TokenSearch.MostCount || queries.dtype != ScalarType.Float32 || _search.Value is not { } search)
        {
            return NearestNeighbours.Find(queries, _memory, count, cancellationToken);
        }

        using var scope = torch.NewDisposeScope();
        var found = NearestNeighbours.Exact(queries, _memory, search.Highest(queries, count, cancellationToken).Rows, cancellationToken);
        return new(found.Squared.MoveToOuterDisposeScope(), found.Rows.MoveToOuterDisposeScope());
    }

    // Cosine distances.
    private Tensor Nearest(Tensor queries, CancellationToken cancellationToken)
    {
        NearestNeighbours.CheckWidth(queries.shape[1], _memory.shape[1]);
        if (queries.dtype != ScalarType.Float32 || _search.Value is not { } search)
        {
            return NearestNeighbours.Distances(queries, _memory, null, cancellationToken);
        }

        using var scope = torch.NewDisposeScope();
        return (1 - search.Highest(queries, 1, cancellationToken).Values.flatten()).clamp(0, 2).MoveToOuterDisposeScope();
    }

    private Tensor Nearest(Tensor queries, Tensor memory, CancellationToken cancellationToken) => IsPlain
        ? NearestNeighbours.Distances(queries, memory, null, cancellationToken)
        : NearestNeighbours.Find(queries, memory, (int)Math.Min(Neighbours, memory.shape[0]), cancellationToken).Mean(Distance);

    private Tensor All(Tensor vectors, ForwardContext context)
    {
        using var scope = torch.NewDisposeScope();
        var flat = vectors.reshape(-1, vectors.shape[2]).to(_memory.device);
        var distances = context.Features is { } store && IsPlain ? EntryByEntry(flat, store, context.CancellationToken)
            : IsPlain ? Nearest(flat, context.CancellationToken) : Find(flat, Neighbours, context.CancellationToken).Mean(Distance);
        return distances.view(vectors.shape[0], vectors.shape[1]).MoveToOuterDisposeScope();
    }

    // Banks of 1, 2, 4 and 8 images that are tested together share the distances to each image.
    private Tensor EntryByEntry(Tensor vectors, IFeatureStore store, CancellationToken cancellationToken)
    {
        var input = FeatureInputs.Of(vectors);
        return _entries.Zip(_kept).Select(p =>
        {
            var key = new FeatureKey
            {
                Network = string.Empty, Instance = $"{p.First.Id} {p.Second.shape[0]} {_options.Seed}", What = "distances", Precision = vectors.dtype,
                Device = vectors.device.ToString(),
            };
            return store.Get(key, input, () => [NearestNeighbours.Distances(vectors, p.Second.to(vectors.device), null, cancellationToken)])[0];
        }).Aggregate(torch.minimum);
    }

    /// <summary>Of each token of the memory the index of its entry, <c>[M]</c>; in the caller's scope.</summary>
    public Tensor Owners() => torch.cat([.. _kept.Select((k, i) => torch.full([k.shape[0]], i, ScalarType.Int32))], 0).to(_memory.device);

    // All at once: each query is compared with the whole memory but the tokens of its own image.
    private List<float[]> AtOnce(CancellationToken cancellationToken)
    {
        var owners = Owners();
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

    private Tensor Others(Tensor queries, int[] cells, ReferenceEntry entry, CancellationToken cancellationToken) =>
        _entries.Count > 1 ? Nearest(queries, Without(entry), cancellationToken)
        : IsPlain ? OtherPlaces(queries, cells, entry, cancellationToken)
        : WithoutNearest(queries, entry.Tokens.to(queries.device), cancellationToken);

    // All tokens of the image, of which the memory may keep some only.
    private Tensor OtherPlaces(Tensor queries, int[] cells, ReferenceEntry entry, CancellationToken cancellationToken)
    {
        using var scope = torch.NewDisposeScope();
        bool isMemory = _memory.shape[0] == entry.Cells.Length;
        var tokens = isMemory ? _memory : entry.Tokens.to(queries.device);
        using var own = !isMemory && TokenSearch.Serves(tokens) ? new TokenSearch(tokens) : null;
        return NearPlaces.Distances(queries, cells, entry, tokens, isMemory ? _search.Value : own, _options.Neighbourhood, cancellationToken)
            .MoveToOuterDisposeScope();
    }

    // The nearest is the cell itself.
    private Tensor WithoutNearest(Tensor queries, Tensor memory, CancellationToken cancellationToken)
    {
        int count = (int)Math.Min(Neighbours + 1, memory.shape[0]);
        var found = NearestNeighbours.Find(queries, memory, count, cancellationToken);
        return count == 1 ? found.Mean(Distance) : new Neighbours(found.Squared.narrow(1, 1, count - 1), found.Rows.narrow(1, 1, count - 1)).Mean(Distance);
    }
}
