namespace MfpClip;

/// <summary>Paths without links, to tell whether two paths are one file.</summary>
internal static class RealPath
{
    private const int MaximumLinks = 64;

    /// <summary>The full path with every link in it replaced by its target.</summary>
    /// <exception cref="IOException">Links lead to each other.</exception>
    public static string Of(string path)
    {
        string full = Path.GetFullPath(path);
        for (int links = 0; links < MaximumLinks; links++)
        {
            if (FirstLink(full) is not var (link, target))
            {
                return Path.TrimEndingDirectorySeparator(full);
            }

            string rest = full[link.Length..].TrimStart(Path.DirectorySeparatorChar);
            full = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(link) ?? link, target, rest));
        }

        throw new IOException($"'{path}' leads through more than {MaximumLinks} links.");
    }

    /// <summary>Whether a path is a folder or lies in it.</summary>
    public static bool Contains(string folder, string path) =>
        path.Length >= folder.Length && path.StartsWith(folder, StringComparison.Ordinal)
            && (path.Length == folder.Length || Path.EndsInDirectorySeparator(folder) || path[folder.Length] == Path.DirectorySeparatorChar);

    private static (string Link, string Target)? FirstLink(string full)
    {
        int start = (Path.GetPathRoot(full) ?? string.Empty).Length;
        while (start < full.Length)
        {
            int end = full.IndexOf(Path.DirectorySeparatorChar, start);
            string part = end < 0 ? full : full[..end];
            if (new FileInfo(part).LinkTarget is { } target)
            {
                return (part, target);
            }

            start = end < 0 ? full.Length : end + 1;
        }

        return null;
    }
}
