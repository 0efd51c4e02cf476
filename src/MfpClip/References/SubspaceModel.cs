using MfpClip.Execution;

namespace MfpClip.References;

/// <summary>
/// Normal cells as a linear subspace: a cell is as far away as what the principal components of normal tokens leave of it. Each reference is stored as
/// the moments of its tokens, so that references come and go without their images.
/// </summary>
internal sealed class SubspaceModel : INormalModel
{
    /// <summary>Names of the moments in an entry: of the mean, and of the covariance where it is about other tokens.</summary>
    public const string First = "moments", Second = "second-moments";

    // Above, leaving one out changes too little to be worth a decomposition each.
    private const int MostLeftOut = 16;

    private readonly IReadOnlyList<ReferenceEntry> _entries;
    private readonly Device _device;
    private readonly Func<Tensor, TokenSubspace, Tensor> _residuals;
    private readonly double _explained;

    /// <param name="entries">Stay the caller's, and outlive this.</param>
    /// <param name="explained">Fraction of the variance that the subspace explains.</param>
    /// <param name="residuals">From tokens <c>[N, D]</c> to distances <c>[N]</c>.</param>
    /// <param name="device">Where distances are computed.</param>
    public SubspaceModel(IReadOnlyList<ReferenceEntry> entries, double explained, Func<Tensor, TokenSubspace, Tensor> residuals, Device device)
    {
        (_entries, _explained, _residuals, _device) = (entries, explained, residuals, device);
        Subspace = Fit(entries, out long tokens);
        Tokens = tokens;
    }

    /// <summary>Fitted on all references.</summary>
    public TokenSubspace Subspace { get; }

    /// <summary>Whether all distances are to what the subspace was fitted on, of a tested batch: no image is left out.</summary>
    public bool IsOfBatch { get; init; }

    public long Tokens { get; }

    public int Width => (int)_entries[0].Tokens.shape[1];

    public double Noise { get; private set; } = 1e-12;

    public double? AnyTwo => null;

    public bool LeavesOut => !IsOfBatch && _entries.Count is > 1 and <= MostLeftOut && !_entries.Any(e => TokenMoments.IsMerged(e, _entries));

    /// <summary>The subspace of all references but one; the caller's.</summary>
    /// <exception cref="ReferenceException">There is no other, or its moments were merged with others'.</exception>
    public TokenSubspace Without(ReferenceEntry entry) => _entries.Count == 1
        ? throw new ReferenceException(entry.Name, "it is the only reference, so nothing is left to compare it with. Add another one.")
        : TokenMoments.IsMerged(entry, _entries)
        ? throw new ReferenceException(entry.Name, "its moments were merged with those of other references to hold the memory bound, so it cannot be left out.")
        : Fit([.. _entries.Where(e => e.Id != entry.Id)], out _);

    public Tensor Distances(Tensor vectors, IReadOnlyList<ReferenceEntry?>? leftOut, ForwardContext context)
    {
        NearestNeighbours.CheckWidth(vectors.shape[2], Width);
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        return torch.stack([.. Enumerable.Range(0, (int)vectors.shape[0]).Select(i =>
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            using var other = leftOut?[i] is { } entry ? Without(entry) : null;
            return _residuals(vectors[i].to(_device), other ?? Subspace);
        })], 0).MoveToOuterDisposeScope();
    }

    public IReadOnlyList<float[]> LeftOut(CancellationToken cancellationToken)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        bool each = LeavesOut;
        var all = _entries.Select(e =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var step = torch.NewDisposeScope();
            using var other = each ? Without(e) : null;
            return _residuals(e.Usual.to(_device), other ?? Subspace).to_type(ScalarType.Float32).cpu().data<float>().ToArray();
        }).ToList();
        Noise = Math.Max(0.001 * all.Average(d => d.Average()), 1e-12);
        return all;
    }

    public void Dispose() => Subspace.Dispose();

    private TokenSubspace Fit(IReadOnlyList<ReferenceEntry> entries, out long tokens)
    {
        if (entries.Any(e => e.Others.GetValueOrDefault($"{First}-mean") is { } mean && mean.numel() != e.Tokens.shape[1]))
        {
            throw new ReferenceException(null, "moments and tokens have different widths. The file is damaged; take the references again from the images.");
        }

        using var first = TokenMoments.Sum(entries, First, _device);
        using var second = entries[0].Others.ContainsKey($"{Second}-mean") ? TokenMoments.Sum(entries, Second, _device) : null;
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        tokens = first.Count;
        return TokenSubspace.Fit(first.Mean, (second ?? first).Covariance(first.Mean), _explained);
    }
}
