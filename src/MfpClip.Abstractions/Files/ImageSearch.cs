namespace MfpClip;

/// <summary>
/// Finds the images that a user means by files and folders: one rule for every command and reader. Folders are searched with their sub-folders. Hidden files
/// and folders and what this library wrote are left out. Links are followed, but every file is taken once, and links to folders around the link are not
/// followed. What is not taken is in the result with its reason.
/// </summary>
/// <remarks>
/// An image is a file with an extension that the decoder reads (<see cref="IImageDecoder.FileExtensions"/>, any case). A path that is named itself is taken as
/// it is, whatever its name: only a folder's content is chosen. Two hard links to one file are two files.
/// </remarks>
public static class ImageSearch
{
    /// <summary>Searches files and folders.</summary>
    /// <param name="paths">Files and folders.</param>
    /// <param name="decoder">The decoder that will read the images; <see langword="null"/>: every extension of an image is taken, and what cannot be decoded
    /// is said when it is read.</param>
    /// <param name="options">How.</param>
    /// <exception cref="ImageSearchException">More than <see cref="ImageSearchOptions.MaximumEntries"/> files and folders were met.</exception>
    public static ImageSearchResult Find(IReadOnlyList<string> paths, IImageDecoder? decoder = null, ImageSearchOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(paths);
        var walk = new ImageWalk(decoder?.FileExtensions ?? ImageFileExtensions.All, options ?? new());
        foreach (string path in paths)
        {
            ArgumentException.ThrowIfNullOrEmpty(path, nameof(paths));
            walk.Add(path);
        }

        return walk.Result();
    }

    /// <summary>The sub-folders of a folder in ordinal order, without hidden ones, own outputs, and links to a folder around them.</summary>
    /// <param name="folder">A folder; where it does not exist there are none.</param>
    public static IReadOnlyList<string> Folders(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        if (!Directory.Exists(folder))
        {
            return [];
        }

        string real = RealPath.Of(folder);
        return [.. new DirectoryInfo(folder).EnumerateDirectories()
            .Where(d => !HiddenFiles.Contains(d) && !OwnOutputs.IsFolder(d.FullName) && d.Exists && !(d.LinkTarget is not null
                && RealPath.Contains(RealPath.Of(d.FullName), real)))
            .Select(d => Path.Combine(folder, d.Name)).Order(StringComparer.Ordinal)];
    }
}
