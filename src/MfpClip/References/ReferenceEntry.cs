namespace MfpClip.References;

/// <summary>One stored image: its tokens in the order in which they are kept, and what the method itself said of it. Owns its tensors.</summary>
/// <param name="Id">From the pixels.</param>
/// <param name="Name">For people.</param>
/// <param name="Width">In pixels.</param>
/// <param name="Height">In pixels.</param>
/// <param name="Rows">Rows of the grid.</param>
/// <param name="Columns">Columns of the grid.</param>
/// <param name="Tokens">Tokens <c>[K, D]</c>, float32 on the CPU; unit vectors where cosines are compared.</param>
/// <param name="Cells">Cell of each token; turned copies of the image count on, the grid's cells each.</param>
/// <param name="Map">The method's own map, averaged in each cell, all of them row by row; zeros where it has none.</param>
/// <param name="Score">The method's own score.</param>
internal sealed record ReferenceEntry(
    string Id, string Name, int Width, int Height, int Rows, int Columns, Tensor Tokens, int[] Cells, float[] Map, float Score) : IDisposable
{
    /// <summary>How the names of tokens of another kind begin; they are cut with the others.</summary>
    public const string TokensOf = "tokens-of-";

    /// <summary>Name of the tokens that show what is usual, where the others are a coreset.</summary>
    public const string Sample = "sample";

    private const int Samples = 8;

    /// <summary>What a method stores besides, by name: moments of a subspace, tokens of windows.</summary>
    public IReadOnlyDictionary<string, Tensor> Others { get; init; } = new Dictionary<string, Tensor>();

    /// <summary>All tensors.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> Tensors => Others.Append(new("tokens", Tokens));

    /// <summary>Tokens that show what is usual on the image: all, or where the first of a coreset are left, a sample of all.</summary>
    /// <remarks>Not those of turned copies.</remarks>
    public Tensor Usual => Others.GetValueOrDefault(Sample) ?? Tokens.narrow(0, 0, Math.Max(Cells.TakeWhile(c => c < Rows * Columns).Count(), 1));

    /// <summary>Whether the tokens are in the order of a coreset already.</summary>
    public bool IsOrdered { get; init; } = true;

    /// <summary>Another handle on the same memory, cut to the first <paramref name="most"/> tokens.</summary>
    public ReferenceEntry Truncate(int most)
    {
        using var scope = torch.NewDisposeScope();
        var others = Others.ToDictionary(o => o.Key, o => o.Value.alias().DetachFromDisposeScope(), StringComparer.Ordinal);
        if (Cells.Length <= most)
        {
            return this with { Tokens = Tokens.alias().DetachFromDisposeScope(), Others = others };
        }

        // The first of a coreset are the least usual tokens: a few that lie evenly in the image stand for the others.
        int samples = Math.Min(most, Samples);
        if (others.TryGetValue(Sample, out var sample) && sample.shape[0] > samples)
        {
            others[Sample] = sample.narrow(0, 0, samples).clone().DetachFromDisposeScope();
            sample.Dispose();
        }
        else if (sample is null && Cells.Length > samples)
        {
            var evenly = Cells.Select((cell, at) => (cell, at)).OrderBy(c => c.cell).Select(c => (long)c.at).ToArray();
            long[] chosen = [.. Enumerable.Range(0, samples).Select(k => evenly[((2 * k) + 1) * evenly.Length / (2 * samples)])];
            others[Sample] = Tokens.index_select(0, torch.tensor(chosen)).DetachFromDisposeScope();
        }

        if (!IsOrdered)
        {
            int[] order = GreedyCoreset.Order(Tokens, most, 0);
            return this with
            {
                Tokens = Tokens.index_select(0, torch.tensor(order.Select(o => (long)o).ToArray())).DetachFromDisposeScope(),
                Cells = [.. order.Select(o => Cells[o])], Others = others, IsOrdered = true,
            };
        }

        // A prefix is copied, so that the rest can be freed.
        foreach (var (name, tokens) in Others.Where(o => o.Key.StartsWith(TokensOf, StringComparison.Ordinal)))
        {
            others[name].Dispose();
            others[name] = tokens.narrow(0, 0, Math.Max(tokens.shape[0] * most / Cells.Length, 1)).clone().DetachFromDisposeScope();
        }

        return this with { Tokens = Tokens.narrow(0, 0, most).clone().DetachFromDisposeScope(), Cells = Cells[..most], Others = others };
    }

    /// <summary>
    /// Cuts entries while thousands are read: no more tokens are held than twice what is kept. A shorter prefix of a coreset is the same whenever it is cut.
    /// </summary>
    public static void Bound(List<ReferenceEntry> entries, int known, ReferenceOptions options)
    {
        int most = Math.Max(options.MaximumTokens / (entries.Count + known), 1);
        if (entries.Sum(e => (long)e.Cells.Length) <= 2L * options.MaximumTokens || entries.All(e => e.Cells.Length <= most))
        {
            return;
        }

        for (int i = 0; i < entries.Count; i++)
        {
            if (entries[i].Cells.Length > most)
            {
                using var whole = entries[i];
                entries[i] = whole.Truncate(most);
            }
        }
    }

    public void Dispose()
    {
        Tokens.Dispose();
        foreach (var other in Others.Values)
        {
            other.Dispose();
        }
    }
}
