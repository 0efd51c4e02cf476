using MfpClip.Execution;

namespace MfpClip.References;

/// <summary>
/// What a method's own map says of the normal cells that are most like a cell. Where a method calls normal structures suspicious, it does so on the
/// references too: a part of that is taken out of its map. Owns its tensors; the model stays the caller's.
/// </summary>
internal sealed class ExpectedMap : IDisposable
{
    // Part of the expected logit that is taken out, and the neighbours whose mean it is; chosen on rendered images, see docs/references.md.
    private const double Part = 0.3;
    private const int Count = 5;

    private readonly NeighbourModel _model;
    private readonly IReadOnlyList<ReferenceEntry> _entries;
    private readonly IReadOnlyList<Tensor> _logits; // of the stored tokens of each entry

    /// <param name="model">Made of the entries.</param>
    /// <param name="entries">At least two; stay the caller's, and outlive this.</param>
    /// <param name="options">Theirs.</param>
    public ExpectedMap(NeighbourModel model, IReadOnlyList<ReferenceEntry> entries, ReferenceOptions options)
    {
        (_model, _entries) = (model, entries);
        _logits = [.. entries.Select(e => torch.tensor(e.Cells.Take(NeighbourModel.Kept(e, options)).Select(c => Logit(e.Map[c])).ToArray())
            .to(model.Memory.device).DetachFromDisposeScope())];
    }

    /// <summary>Mean of what is expected on the references, each compared with the others; of it nothing is taken out.</summary>
    public double Mean { get; private set; }

    /// <summary>The references' own maps without what the others let expect, in logits; measures <see cref="Mean"/>.</summary>
    public IReadOnlyList<float[]> LeftOut(CancellationToken cancellationToken)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var expected = Expected(cancellationToken);
        Mean = expected.Average(x => x.Average());
        return [.. _entries.Zip(expected, (e, x) =>
        {
            // Cells whose tokens are not stored keep their values.
            float[] left = [.. e.Map.Select(Logit)];
            for (int i = 0; i < x.Length; i++)
            {
                left[e.Cells[i]] -= (float)(Part * (x[i] - Mean));
            }

            return left;
        })];
    }

    /// <summary>Distances of cells and the logits that are expected there.</summary>
    /// <param name="vectors"><c>[B, N, D]</c>.</param>
    /// <param name="leftOut">For each image the reference that it is not compared with; <see langword="null"/>: none.</param>
    /// <param name="context">Its cancellation is checked between blocks.</param>
    /// <returns><c>[B, N]</c> each, in the caller's scope.</returns>
    public (Tensor Distances, Tensor Expected) Compare(Tensor vectors, IReadOnlyList<ReferenceEntry?>? leftOut, ForwardContext context)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var all = Enumerable.Range(0, (int)vectors.shape[0]).Select(i =>
            Compare(vectors[i].to(_model.Memory.device), leftOut?[i], context.CancellationToken)).ToList();
        return (torch.stack([.. all.Select(a => a.Distances)], 0).MoveToOuterDisposeScope(),
            torch.stack([.. all.Select(a => a.Expected)], 0).MoveToOuterDisposeScope());
    }

    /// <summary>The method's map without a part of what is expected.</summary>
    /// <param name="map">Probabilities, <c>[B, H, W]</c>.</param>
    /// <param name="expected">Logits of the same shape.</param>
    /// <returns>Probabilities, in the caller's scope.</returns>
    public Tensor TakeOut(Tensor map, Tensor expected)
    {
        using var scope = torch.NewDisposeScope();
        return (map.clamp(1e-6, 1 - 1e-6).logit() - (Part * (expected - Mean))).sigmoid().MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (var logits in _logits)
        {
            logits.Dispose();
        }
    }

    // Many references at once, each compared with the whole memory but its own tokens: one after another would copy the memory for each of thousands.
    private List<float[]> Expected(CancellationToken cancellationToken)
    {
        var (memory, owners, logits) = (_model.Memory, _model.Owners(), torch.cat([.. _logits], 0));
        int count = (int)Math.Min(Count, memory.shape[0] - _logits.Max(l => l.shape[0]));
        var all = new List<float[]>();
        foreach (var chunk in _entries.Select((entry, i) => (entry, i)).Chunk(64))
        {
            using var step = torch.NewDisposeScope();
            var queries = torch.cat([.. chunk.Select(c => c.entry.Tokens)], 0).to(memory.device);
            var askers = torch.cat([.. chunk.Select(c => torch.full([c.entry.Tokens.shape[0]], c.i, ScalarType.Int32))], 0).to(memory.device);
            var found = NearestNeighbours.Find(queries, memory, count, cancellationToken, (q, m, ranks) => ranks.masked_fill(
                askers.narrow(0, q, ranks.shape[0]).unsqueeze(1).eq(owners.narrow(0, m, ranks.shape[1]).unsqueeze(0)), float.PositiveInfinity));
            float[] means = logits.index_select(0, found.Rows.flatten()).view(found.Rows.shape).mean([1]).cpu().data<float>().ToArray();
            int at = 0;
            foreach (var (entry, _) in chunk)
            {
                int tokens = (int)entry.Tokens.shape[0];
                all.Add(means[at..(at + tokens)]);
                at += tokens;
            }
        }

        return all;
    }

    private (Tensor Distances, Tensor Expected) Compare(Tensor queries, ReferenceEntry? leftOut, CancellationToken cancellationToken)
    {
        using var scope = torch.NewDisposeScope();
        var logits = torch.cat([.. _entries.Zip(_logits).Where(p => p.First.Id != leftOut?.Id).Select(p => p.Second)], 0);
        var memory = leftOut is null ? null : _model.Without(leftOut);
        var found = memory is null ? _model.Find(queries, Count, cancellationToken)
            : NearestNeighbours.Find(queries, memory, (int)Math.Min(Count, memory.shape[0]), cancellationToken);
        return (found.Squared.select(1, 0).div(2).MoveToOuterDisposeScope(), // of unit vectors the cosine distance
            logits.index_select(0, found.Rows.flatten()).view(found.Rows.shape).mean([1]).MoveToOuterDisposeScope());
    }

    private static float Logit(float p)
    {
        double inside = Math.Clamp(p, 1e-6, 1 - 1e-6);
        return (float)Math.Log(inside / (1 - inside));
    }
}
