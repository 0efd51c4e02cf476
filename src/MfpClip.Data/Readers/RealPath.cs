namespace MfpClip.Data.Readers;

/// <summary>Where a path leads when every link on the way is followed.</summary>
internal static class RealPath
{
    private const int MaximumLinks = 40;

    /// <summary>The path without links, relative parts and a separator at its end. What is not there, or a circle of links, stays as it is written.</summary>
    public static string Of(string path)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        for (int links = 0; links < MaximumLinks; links++)
        {
            if (Follow(full) is not { } next)
            {
                return full;
            }

            full = next;
        }

        return full;
    }

    // The first link among the parts of a path, replaced by its target; null where there is none.
    private static string? Follow(string path)
    {
        string root = Path.GetPathRoot(path) ?? string.Empty;
        string at = root;
        string[] parts = path[root.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries);
        for (int i = 0; i < parts.Length; i++)
        {
            at = Path.Combine(at, parts[i]);
            FileSystemInfo entry = Directory.Exists(at) ? new DirectoryInfo(at) : new FileInfo(at);
            if (entry.LinkTarget is { } target)
            {
                string from = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(at) ?? root, target));
                return Path.TrimEndingDirectorySeparator(Path.GetFullPath(Path.Combine([from, .. parts[(i + 1)..]])));
            }
        }

        return null;
    }
}
