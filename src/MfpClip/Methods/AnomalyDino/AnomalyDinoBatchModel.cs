using MfpClip.Execution;
using MfpClip.References;

namespace MfpClip.Methods.AnomalyDino;

/// <summary>The patches of a tested batch. Each image is compared with the others.</summary>
internal sealed class AnomalyDinoBatchModel : INormalModel
{
    private readonly AnomalyDinoScorer _scorer;
    private readonly Tensor _memory; // [M, D] where the pass computes
    private readonly IReadOnlyList<ReferenceEntry> _entries;
    private readonly Dictionary<string, (long First, long Count)> _rows = new(StringComparer.Ordinal);
    private readonly Dictionary<string, float[]> _known = new(StringComparer.Ordinal);

    /// <param name="entries">Stay the caller's, and outlive this.</param>
    /// <param name="scorer">Knows how many patches count.</param>
    /// <param name="device">Where distances are computed.</param>
    public AnomalyDinoBatchModel(IReadOnlyList<ReferenceEntry> entries, AnomalyDinoScorer scorer, Device device)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        (_scorer, _entries) = (scorer, entries);
        long first = 0;
        foreach (var entry in entries)
        {
            _rows[entry.Id] = (first, entry.Tokens.shape[0]);
            first += entry.Tokens.shape[0];
        }

        _memory = torch.cat([.. entries.Select(e => e.Tokens)], 0).to(device).contiguous().DetachFromDisposeScope();
    }

    public long Tokens => _memory.shape[0];

    public int Width => (int)_memory.shape[1];

    public double Noise => 0.001; // of cosines

    public bool LeavesOut => true;

    public double? AnyTwo
    {
        get
        {
            using var scope = torch.NewDisposeScope();
            return 1 - _memory.mean([0]).square().sum().item<float>(); // of unit vectors
        }
    }

    /// <summary>What was found of an image when the batch was read, row by row; <see langword="null"/> where not all of its patches are stored.</summary>
    public float[]? Known(ReferenceEntry entry) => _known.GetValueOrDefault(entry.Id);

    /// <summary>Distances of the patches of an image, <c>[P]</c>.</summary>
    /// <param name="vectors">Unit vectors <c>[P, D]</c>.</param>
    /// <param name="own">Its entry, which is left out; <see langword="null"/>: it is not of the batch.</param>
    /// <param name="cancellationToken">Checked between blocks.</param>
    public Tensor Compare(Tensor vectors, ReferenceEntry? own, CancellationToken cancellationToken)
    {
        using var scope = torch.NewDisposeScope();
        return _scorer.CompareWithOthers(vectors.to(_memory.device), Others(own), cancellationToken).MoveToOuterDisposeScope();
    }

    public Tensor Distances(Tensor vectors, IReadOnlyList<ReferenceEntry?>? leftOut, ForwardContext context)
    {
        using var scope = torch.NewDisposeScope();
        return torch.stack([.. Enumerable.Range(0, (int)vectors.shape[0]).Select(i => Compare(vectors[i], leftOut?[i], context.CancellationToken))], 0)
            .MoveToOuterDisposeScope();
    }

    /// <remarks>Kept where all patches of an image are stored: they are its distances.</remarks>
    public IReadOnlyList<float[]> LeftOut(CancellationToken cancellationToken)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var all = new List<float[]>();
        foreach (var entry in _entries)
        {
            using var step = torch.NewDisposeScope();
            float[] found = Compare(entry.Tokens, entry, cancellationToken).cpu().data<float>().ToArray();
            all.Add(found);
            if (found.Length == entry.Rows * entry.Columns)
            {
                float[] cells = _known[entry.Id] = new float[found.Length];
                for (int i = 0; i < found.Length; i++)
                {
                    cells[entry.Cells[i]] = found[i];
                }
            }
        }

        return all;
    }

    public void Dispose() => _memory.Dispose();

    // Views before and after the image's own rows.
    private List<Tensor> Others(ReferenceEntry? own)
    {
        if (own is null || !_rows.TryGetValue(own.Id, out var rows))
        {
            return [_memory];
        }

        long after = rows.First + rows.Count;
        var others = new List<Tensor>();
        if (rows.First > 0)
        {
            others.Add(_memory.narrow(0, 0, rows.First));
        }

        if (after < _memory.shape[0])
        {
            others.Add(_memory.narrow(0, after, _memory.shape[0] - after));
        }

        return others;
    }
}
