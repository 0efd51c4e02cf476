namespace MfpClip.References;

/// <summary>Number, mean and scatter of the tokens of a reference as tensors of its entry, and how they are merged.</summary>
internal static class TokenMoments
{
    private const string Count = "-count", Mean = "-mean", Scatter = "-scatter", Merged = "merged-into";

    /// <summary>The tensors of statistics, by name; the caller's.</summary>
    public static IEnumerable<KeyValuePair<string, Tensor>> Of(TokenStatistics statistics, string prefix)
    {
        using var scope = torch.NewDisposeScope();
        var (mean, scatter) = (statistics.Mean.to(torch.CPU).clone(), statistics.Scatter.to(torch.CPU).clone());
        return
        [
            new(prefix + Count, torch.tensor(new[] { (double)statistics.Count }).DetachFromDisposeScope()), new(prefix + Mean, mean.DetachFromDisposeScope()),
            new(prefix + Scatter, scatter.DetachFromDisposeScope()),
        ];
    }

    /// <summary>The statistics of all entries together; the caller's.</summary>
    public static TokenStatistics Sum(IEnumerable<ReferenceEntry> entries, string prefix, Device device)
    {
        var sum = new TokenStatistics();
        foreach (var others in entries.Select(e => e.Others).Where(o => o.ContainsKey(prefix + Mean)))
        {
            using var scope = torch.NewDisposeScope();
            var (count, mean, scatter) = (Part(others, prefix + Count), Part(others, prefix + Mean), Part(others, prefix + Scatter));
            if (count.numel() != 1 || !(count.item<double>() is >= 1 and <= 1e15) || mean.dim() != 1
                || !scatter.shape.SequenceEqual([mean.numel(), mean.numel()]))
            {
                sum.Dispose();
                throw new ReferenceException(null, "the moments do not fit each other. The file is damaged; take the references again from the images.");
            }

            sum.Add((long)count.item<double>(), mean.to(device), scatter.to(device));
        }

        return sum;
    }

    /// <summary>The names of the moments of an entry.</summary>
    public static IEnumerable<string> Prefixes(ReferenceEntry entry) =>
        entry.Others.Keys.Where(k => k.EndsWith(Scatter, StringComparison.Ordinal)).Select(k => k[..^Scatter.Length]).Order(StringComparer.Ordinal);

    /// <summary>Whether an entry's moments are in another's, or hold those of others.</summary>
    public static bool IsMerged(ReferenceEntry entry, IReadOnlyList<ReferenceEntry> entries) => entries.Any(e => e.Others.ContainsKey(Merged))
        && (entry.Others.ContainsKey(Merged) || entries.Where(e => e.Others.ContainsKey(Merged)).Any(e => Same(e.Others[Merged], entry.Id)));

    /// <summary>Moves the moments of all entries into the first one; the tensors of the others are disposed.</summary>
    public static void Merge(List<ReferenceEntry> entries, IReadOnlyList<string> prefixes)
    {
        var first = entries[0];
        var merged = first.Others.Where(o => !prefixes.Any(p => o.Key.StartsWith(p + "-", StringComparison.Ordinal))).ToDictionary(StringComparer.Ordinal);
        foreach (string prefix in prefixes)
        {
            using var sum = Sum(entries, prefix, torch.CPU);
            foreach (var (name, tensor) in Of(sum, prefix))
            {
                merged[name] = tensor;
            }
        }

        for (int i = 0; i < entries.Count; i++)
        {
            var moments = entries[i].Others.Where(o => prefixes.Any(p => o.Key.StartsWith(p + "-", StringComparison.Ordinal))).ToList();
            var rest = entries[i].Others.Except(moments).ToDictionary(StringComparer.Ordinal);
            moments.ForEach(m => m.Value.Dispose());
            if (i > 0 && !rest.ContainsKey(Merged))
            {
                rest[Merged] = torch.tensor(System.Text.Encoding.ASCII.GetBytes(first.Id)).DetachFromDisposeScope();
            }

            entries[i] = entries[i] with { Others = i == 0 ? merged : rest };
        }
    }

    private static Tensor Part(IReadOnlyDictionary<string, Tensor> others, string name) => others.GetValueOrDefault(name) is { } part
        && part.dtype == ScalarType.Float64 ? part : throw new ReferenceException(
            null, $"'{name}' is missing or not float64. The file is damaged; take the references again from the images.");

    private static bool Same(Tensor text, string id) => System.Text.Encoding.ASCII.GetString(text.data<byte>().ToArray()) == id;
}
