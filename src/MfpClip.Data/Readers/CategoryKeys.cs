namespace MfpClip.Data.Readers;

/// <summary>Gives categories that are used together keys of their own: the name, with as much of the path before it as is needed.</summary>
internal static class CategoryKeys
{
    /// <summary>Categories by key; the same one under a second path is left out and said.</summary>
    public static (IReadOnlyList<AnomalyCategory> Categories, IReadOnlyList<IgnoredPath> Repeated) Distinguish(IReadOnlyList<AnomalyCategory> categories)
    {
        var (once, repeated) = (new List<AnomalyCategory>(), new List<IgnoredPath>());
        var seen = new Dictionary<string, AnomalyCategory>(StringComparer.Ordinal);
        foreach (var category in categories)
        {
            string identity = category.List is { } list ? $"{RealPath.Of(list)}\n{category.Name}" : RealPath.Of(category.Path);
            if (seen.TryAdd(identity, category))
            {
                once.Add(category);
            }
            else
            {
                repeated.Add(new(category.Path, IgnoredReason.RepeatedFolder,
                    $"'{category.Path}' is the same folder as '{seen[identity].Path}', used once", 1));
            }
        }

        string[][] parts = [.. once.Select(c => Parts(c, withList: false))];
        var repeatedPaths = parts.Select(p => string.Join('/', p)).GroupBy(p => p, StringComparer.Ordinal).Where(g => g.Count() > 1)
            .Select(g => g.Key).ToHashSet(StringComparer.Ordinal);
        string[][] paths = [.. once.Select((c, i) => Parts(c, withList: repeatedPaths.Contains(string.Join('/', parts[i]))))];
        string[] keys = Distinct([.. once.Select(c => c.Name)], paths);
        string[][] folders = [.. once.Select((c, i) => c.DataSet == c.Name && c.List is null ? parts[i] : parts[i][..^1])];
        string[] dataSets = Distinct([.. once.Select(c => c.DataSet)], folders);
        return ([.. once.Select((c, i) => c with { Key = keys[i], DataSet = dataSets[i] }).OrderBy(c => c.Key, StringComparer.Ordinal)], repeated);
    }

    // Where several paths have one name, each gets the fewest last parts of its path by which all of them differ.
    private static string[] Distinct(string[] names, string[][] paths)
    {
        string[] result = [.. names];
        foreach (var same in Enumerable.Range(0, names.Length).GroupBy(i => names[i], StringComparer.Ordinal))
        {
            int[] at = [.. same];
            string[] whole = [.. at.Select(i => string.Join('/', paths[i]))];
            int different = whole.Distinct(StringComparer.Ordinal).Count();
            for (int level = 2; different > 1 && level <= at.Max(i => paths[i].Length); level++)
            {
                string[] longer = [.. at.Select(i => string.Join('/', paths[i][^Math.Min(level, paths[i].Length)..]))];
                if (longer.Distinct(StringComparer.Ordinal).Count() == different)
                {
                    foreach (var (i, key) in at.Zip(longer))
                    {
                        result[i] = key;
                    }

                    break;
                }
            }
        }

        return result;
    }

    // Parts of the path, the name last; before it the list, where several of one folder have the category.
    private static string[] Parts(AnomalyCategory category, bool withList)
    {
        string[] parts = category.Path.Split(['/', '\\'], StringSplitOptions.RemoveEmptyEntries);
        string[] folder = parts.Length > 0 && parts[^1] == category.Name ? parts[..^1] : parts;
        return [.. folder, .. withList && category.List is { } list ? new[] { Path.GetFileNameWithoutExtension(list) } : [], category.Name];
    }
}
