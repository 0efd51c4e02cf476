namespace MfpClip.References;

/// <summary>Names of stored images: each once, so that a name says which image is meant.</summary>
internal sealed class ReferenceNames(IEnumerable<string> taken)
{
    // What ImageInput calls images that nobody named.
    private static readonly string[] General = ["pixels", "bytes", "stream"];

    private readonly HashSet<string> _taken = new(taken, StringComparer.Ordinal);

    /// <summary>Whether a name says nothing about the image.</summary>
    public static bool IsGeneral(string name) => General.Contains(name, StringComparer.Ordinal);

    /// <summary>A free name: as given, "name (2)" where that is taken, "pixels 1 (64 x 64)" where nobody named the image.</summary>
    public string Take(string name, int width, int height)
    {
        string free = IsGeneral(name) ? Numbered(name, 1, width, height) : name;
        for (int i = 2; !_taken.Add(free); i++)
        {
            free = IsGeneral(name) ? Numbered(name, i, width, height) : $"{name} ({i})";
        }

        return free;
    }

    /// <summary>Entries whose names are their own; version 0.1 stored equal names.</summary>
    public static List<ReferenceEntry> Unique(IReadOnlyList<ReferenceEntry> entries)
    {
        var names = new ReferenceNames([]);
        return [.. entries.Select(e => e with { Name = names.Take(e.Name, e.Width, e.Height) })];
    }

    /// <summary>Entries without some of them.</summary>
    /// <exception cref="ReferenceException">One is not stored, or none would be left.</exception>
    public static List<ReferenceEntry> Without(IReadOnlyList<ReferenceEntry> entries, IReadOnlyList<string> idsOrNames)
    {
        if (idsOrNames.FirstOrDefault(n => !entries.Any(e => e.Id == n || e.Name == n)) is { } unknown)
        {
            throw new ReferenceException(unknown, $"it is not stored; there are {string.Join(", ", entries.Select(e => e.Name))}.");
        }

        if (entries.FirstOrDefault(e => (idsOrNames.Contains(e.Id) || idsOrNames.Contains(e.Name)) && TokenMoments.IsMerged(e, entries)) is { } merged)
        {
            throw new ReferenceException(
                merged.Name, "its moments were merged with those of other references to hold the memory bound, so it cannot be taken out alone. "
                    + "Take the references again from the images, without it.");
        }

        var left = entries.Where(e => !idsOrNames.Contains(e.Id) && !idsOrNames.Contains(e.Name)).ToList();
        return left.Count > 0 ? left : throw new ReferenceException(null, "none would be left; use the detector without references.");
    }

    // The number counts images of every size: it is free where no name starts with it.
    private string Numbered(string name, int number, int width, int height)
    {
        while (_taken.Any(t => t.StartsWith($"{name} {number} (", StringComparison.Ordinal)))
        {
            number++;
        }

        return $"{name} {number} ({width} x {height})";
    }
}
