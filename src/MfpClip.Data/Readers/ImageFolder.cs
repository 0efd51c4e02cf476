namespace MfpClip.Data.Readers;

/// <summary>The images and other files of a folder.</summary>
/// <param name="Images">Images by path.</param>
/// <param name="Others">Files that are no images by their ending, by path; hidden ones and those of file managers are left out.</param>
internal sealed record FolderContent(IReadOnlyList<string> Images, IReadOnlyList<string> Others);

/// <summary>How the layouts read folders: sub-folders included, hidden files left out, each file once whatever links there are.</summary>
internal static class ImageFolder
{
    // TIFF is not decoded by the library's decoder: it is listed so that it is met with an error instead of left out in silence.
    private static readonly string[] Endings =
        [".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".dib", ".webp", ".gif", ".ico", ".tif", ".tiff"];

    private static readonly string[] OfFileManagers = ["thumbs.db", "desktop.ini", "__macosx", "$recycle.bin"];

    /// <summary>Images in a folder and its sub-folders, by path; none where there is no folder.</summary>
    public static IReadOnlyList<string> Images(string folder) => Read(folder).Images;

    /// <summary>All files in a folder and its sub-folders.</summary>
    public static FolderContent Read(string folder)
    {
        var (images, others) = (new List<string>(), new List<string>());
        foreach (string file in Files(folder, new HashSet<string>(StringComparer.Ordinal)))
        {
            (IsImage(file) ? images : others).Add(file);
        }

        return new(images, others);
    }

    /// <summary>Whether there is an image in a folder or its sub-folders.</summary>
    public static bool HasImages(string folder) => Files(folder, new HashSet<string>(StringComparer.Ordinal)).Any(IsImage);

    /// <summary>Sub-folders by name, hidden ones left out; none where there is no folder.</summary>
    public static IReadOnlyList<string> Folders(string folder) => !Directory.Exists(folder) ? [] :
        [.. Directory.EnumerateDirectories(folder).Where(IsVisible).Order(StringComparer.Ordinal)];

    /// <summary>Files directly in a folder by name, hidden ones left out.</summary>
    public static IReadOnlyList<string> DirectFiles(string folder) => !Directory.Exists(folder) ? [] :
        [.. Directory.EnumerateFiles(folder).Where(IsVisible).Order(StringComparer.Ordinal)];

    /// <summary>The sub-folders that have one of some names, in any case.</summary>
    public static IReadOnlyList<string> Children(string folder, IReadOnlyList<string> names) =>
        [.. Folders(folder).Where(f => FolderNames.Is(Path.GetFileName(f), names))];

    /// <summary>The name of a file in a folder without its ending, with its sub-folders: "scratch/000".</summary>
    public static string Relative(string folder, string file) =>
        Path.ChangeExtension(Path.GetRelativePath(folder, file), null).Replace('\\', '/');

    public static bool IsImage(string file) => Endings.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase);

    private static IEnumerable<string> Files(string folder, HashSet<string> visited)
    {
        // A link to a folder above would be walked for ever, one to a sibling would give its files twice.
        if (!Directory.Exists(folder) || !visited.Add(RealPath.Of(folder)))
        {
            yield break;
        }

        foreach (string file in DirectFiles(folder).Where(f => visited.Add(RealPath.Of(f))))
        {
            yield return file;
        }

        foreach (string file in Folders(folder).SelectMany(f => Files(f, visited)))
        {
            yield return file;
        }
    }

    private static bool IsVisible(string path) =>
        Path.GetFileName(path) is var name && !name.StartsWith('.') && !OfFileManagers.Contains(name, StringComparer.OrdinalIgnoreCase);
}
