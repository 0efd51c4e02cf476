namespace MfpClip.Output;

/// <summary>Short names of files: the name alone where it is the only one, else with as many folders as tell it from the others.</summary>
internal static class DistinctNames
{
    /// <summary>One for each path, in order, with <c>/</c> between folders. A path that is given several times is numbered: <c>a.png (2)</c>.</summary>
    public static IReadOnlyList<string> Of(IReadOnlyList<string> paths)
    {
        string[][] parts = [.. paths.Select(p => p.Split(['/', '\\'], StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } s ? s : [p])];
        int[] depth = [.. parts.Select(_ => 1)];
        string Name(int i) => string.Join('/', parts[i][^depth[i]..]);

        // Each round lengthens the names that several have; it ends where none can become longer.
        for (bool longer = true; longer;)
        {
            longer = false;
            foreach (var same in Enumerable.Range(0, paths.Count).GroupBy(Name, StringComparer.Ordinal).Where(g => g.Skip(1).Any()).ToList())
            {
                if (same.Select(i => paths[i]).Distinct(StringComparer.Ordinal).Skip(1).Any())
                {
                    foreach (int i in same.Where(i => depth[i] < parts[i].Length))
                    {
                        (depth[i], longer) = (depth[i] + 1, true);
                    }
                }
            }
        }

        var used = new Dictionary<string, int>(StringComparer.Ordinal);
        return [.. Enumerable.Range(0, paths.Count).Select(i =>
        {
            string name = Name(i);
            int count = used[name] = used.GetValueOrDefault(name) + 1;
            return count == 1 ? name : $"{name} ({count})";
        })];
    }
}
