namespace MfpClip.Diagnostics;

/// <summary>What a misspelt name may have been meant to be.</summary>
internal static class NearestName
{
    /// <summary>"; did you mean 'X'?" where one of the known names is near, else ". Known are ...".</summary>
    /// <param name="name">As it was written; case, '_' and '-' do not count.</param>
    /// <param name="known">The names that there are.</param>
    public static string Hint(string name, IEnumerable<string> known)
    {
        var names = known.ToList();
        return Of(name, names) is { } nearest ? $"; did you mean '{nearest}'?" : $". Known are {string.Join(", ", names.Order(StringComparer.Ordinal))}.";
    }

    /// <summary>The known name with the fewest letters that differ; <see langword="null"/> where more than a third do.</summary>
    public static string? Of(string name, IEnumerable<string> known)
    {
        string plain = Plain(name);
        return known.Select(k => (Name: k, Distance: Distance(plain, Plain(k))))
            .Where(k => k.Distance <= Math.Max(1, Math.Max(plain.Length, k.Name.Length) / 3))
            .OrderBy(k => k.Distance).ThenBy(k => k.Name, StringComparer.Ordinal).Select(k => k.Name).FirstOrDefault();
    }

    private static string Plain(string name) => name.Replace("_", string.Empty, StringComparison.Ordinal).Replace("-", string.Empty, StringComparison.Ordinal)
        .ToLowerInvariant();

    // Letters inserted, removed or replaced, or neighbours that changed places (Damerau and Levenshtein, restricted).
    private static int Distance(string a, string b)
    {
        var d = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
        {
            for (int j = 0; j <= b.Length; j++)
            {
                d[i, j] = i == 0 || j == 0 ? i + j
                    : Math.Min(Math.Min(d[i - 1, j], d[i, j - 1]) + 1, d[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
                }
            }
        }

        return d[a.Length, b.Length];
    }
}
