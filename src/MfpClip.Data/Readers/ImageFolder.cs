namespace MfpClip.Data.Readers;

/// <summary>The images and other files of a folder.</summary>
/// <param name="Images">Images by path.</param>
/// <param name="Skipped">What was not taken, except for what is hidden.</param>
internal sealed record FolderContent(IReadOnlyList<string> Images, IReadOnlyList<SkippedFile> Skipped);

/// <summary>How the layouts read folders: by the one rule of <see cref="ImageSearch"/>, which every command follows.</summary>
internal static class ImageFolder
{
    /// <summary>Images in a folder and its sub-folders, by path; none where there is no folder.</summary>
    public static IReadOnlyList<string> Images(string folder) => Read(folder).Images;

    /// <summary>
    /// Images in a folder and its sub-folders, and what else is there. Images of formats that the decoder may not read are taken: they are met with an error
    /// instead of left out.
    /// </summary>
    public static FolderContent Read(string folder, bool recursive = true)
    {
        if (!Directory.Exists(folder))
        {
            return new([], []);
        }

        var found = ImageSearch.Find([folder], options: new() { Recursive = recursive });
        return new(found.Images, [.. found.Skipped.Where(s => s.Reason is not (SkipReason.Hidden or SkipReason.NoImages or SkipReason.Duplicate))]);
    }

    /// <summary>Whether there is an image in a folder or its sub-folders.</summary>
    public static bool HasImages(string folder) => Images(folder).Count > 0;

    /// <summary>Sub-folders by name, hidden ones left out; none where there is no folder.</summary>
    public static IReadOnlyList<string> Folders(string folder) => ImageSearch.Folders(folder);

    /// <summary>Files with an ending directly in a folder by name, hidden ones left out; none where there is no folder.</summary>
    public static IReadOnlyList<string> Lists(string folder, string ending) => !Directory.Exists(folder) ? [] :
        [.. Directory.EnumerateFiles(folder).Where(f => !Path.GetFileName(f).StartsWith('.') && f.EndsWith(ending, StringComparison.OrdinalIgnoreCase))
            .Order(StringComparer.Ordinal)];

    /// <summary>The sub-folders that have one of some names, in any case.</summary>
    public static IReadOnlyList<string> Children(string folder, IReadOnlyList<string> names) =>
        [.. Folders(folder).Where(f => FolderNames.Is(Path.GetFileName(f), names))];

    /// <summary>The name of a file in a folder without its ending, with its sub-folders: "scratch/000".</summary>
    public static string Relative(string folder, string file) =>
        Path.ChangeExtension(Path.GetRelativePath(folder, file), null).Replace('\\', '/');
}
