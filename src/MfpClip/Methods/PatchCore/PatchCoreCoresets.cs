using MfpClip.References;

namespace MfpClip.Methods.PatchCore;

/// <summary>
/// Which patches of the references are stored: a coreset of all of them, and others without some references, so that each can be compared with what would be
/// stored if it were not there. Not safe for concurrent callers but for <see cref="Without"/>.
/// </summary>
/// <param name="entries">Stay the caller's, and outlive this.</param>
/// <param name="options">Checked before.</param>
/// <param name="device">Where they are chosen.</param>
internal sealed class PatchCoreCoresets(IReadOnlyList<ReferenceEntry> entries, PatchCoreOptions options, Device device) : IChosenTokens
{
    // Above, references are left out in groups: a coreset each would take as long as all of them together, many times.
    private const int MostAlone = 16, Groups = 8;

    private readonly Dictionary<string, int> _places = entries.Select((e, i) => (e.Id, i)).ToDictionary(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private readonly Dictionary<int, long[]> _chosen = [];

    /// <summary>The stored patches of each reference, <c>[K, D]</c>, in the caller's scope.</summary>
    public IReadOnlyList<Tensor> OfEach()
    {
        using var guard = torch.no_grad();
        return [.. Split(entries, Choose(-1))];
    }

    /// <inheritdoc/>
    public int GroupOf(ReferenceEntry entry) => Group(_places[entry.Id]);

    /// <inheritdoc/>
    public Tensor Without(int group)
    {
        long[] rows;
        lock (_gate)
        {
            rows = _chosen.TryGetValue(group, out var known) ? known : _chosen[group] = Choose(group);
        }

        using var scope = torch.NewDisposeScope();
        return torch.cat([.. Split(Others(group), rows)], 0).MoveToOuterDisposeScope();
    }

    private int Group(int place) => entries.Count <= MostAlone ? place : place % Groups;

    private List<ReferenceEntry> Others(int group) => [.. entries.Where((_, i) => Group(i) != group)];

    private long[] Choose(int group)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var others = Others(group);
        var all = All(others);
        // Where patches were dropped already to hold a bound, the fraction is of all that there were.
        double seen = others.Sum(e => (double)e.Rows * e.Columns), fraction = Math.Min(options.CoresetFraction * seen / all.shape[0], 1);
        return options.Coreset == PatchCoreset.None || fraction >= 1 ? [.. Enumerable.Range(0, (int)all.shape[0]).Select(i => (long)i)]
            : [.. new PatchCoreSampler(options with { CoresetFraction = fraction }).Choose(all.to(device)).Select(i => (long)i)];
    }

    // Entry by entry: all tokens are never copied at once.
    private static IEnumerable<Tensor> Split(IReadOnlyList<ReferenceEntry> of, long[] rows)
    {
        long[] sorted = [.. rows.Order()];
        long from = 0;
        int next = 0;
        foreach (var entry in of)
        {
            long to = from + entry.Tokens.shape[0];
            int first = next;
            while (next < sorted.Length && sorted[next] < to)
            {
                next++;
            }

            long[] own = [.. sorted[first..next].Select(r => r - from)];
            yield return own.Length == 0 ? entry.Tokens.narrow(0, 0, 0) : entry.Tokens.index_select(0, torch.tensor(own));
            from = to;
        }
    }

    private static Tensor All(IReadOnlyList<ReferenceEntry> of) => torch.cat([.. of.Select(e => e.Tokens)], 0); // [N, D]
}
