namespace MfpClip;

/// <summary>Why a file or folder was not taken as an image.</summary>
public enum SkipReason
{
    /// <summary>Hidden, or of the operating system: a name with a dot first, <c>Thumbs.db</c>, <c>__MACOSX</c>.</summary>
    Hidden,

    /// <summary>Written by this library: an output folder, an overlay, a heat map.</summary>
    OwnOutput,

    /// <summary>Not an image, by its extension and its first bytes.</summary>
    NotAnImage,

    /// <summary>The same file was found under another path.</summary>
    Duplicate,

    /// <summary>A link to a folder around it: following it would find everything a second time, or what was not asked for.</summary>
    LinkToParent,

    /// <summary>An image of a format that the decoder does not read.</summary>
    UnsupportedFormat,

    /// <summary>An image by its first bytes, under a name that does not say so.</summary>
    WrongExtension,

    /// <summary>A link whose target is not there, or that leads to itself.</summary>
    DanglingLink,

    /// <summary>A file of 0 bytes with the extension of an image.</summary>
    Empty,

    /// <summary>The operating system refused to read the folder or file, or its name.</summary>
    Unreadable,

    /// <summary>A path that was named does not exist.</summary>
    NotFound,

    /// <summary>A folder that was named holds no images.</summary>
    NoImages,
}

/// <summary>A file or folder that was not taken.</summary>
/// <param name="Path">Its path, as it was found. A folder stands for everything in it.</param>
/// <param name="Reason">The kind of reason.</param>
/// <param name="Explanation">The reason as text, with what to do about it.</param>
public sealed record SkippedFile(string Path, SkipReason Reason, string Explanation)
{
    /// <summary>
    /// Whether an image may be missing because of it: commands print a line for each such file and end with an exit code other than 0. The others are counted.
    /// </summary>
    public bool IsFault => Reason >= SkipReason.UnsupportedFormat;

    /// <summary>Path and reason in one line.</summary>
    public override string ToString() => $"{Path}: {Explanation}";
}

/// <summary>What a search for images found, and what it left out.</summary>
/// <param name="Images">Paths of the images: in the order of the paths that were named, within a folder by ordinal comparison with '/' between folders.</param>
/// <param name="Skipped">Everything else that was met, in the same order.</param>
public sealed record ImageSearchResult(IReadOnlyList<string> Images, IReadOnlyList<SkippedFile> Skipped)
{
    /// <summary>What may be a missing image: see <see cref="SkippedFile.IsFault"/>.</summary>
    public IEnumerable<SkippedFile> Faults => Skipped.Where(s => s.IsFault);

    /// <summary>The rest as text, such as "2 hidden, 1 not an image"; <see langword="null"/> where there is none.</summary>
    public string? SkippedCounts
    {
        get
        {
            string[] counts = [.. Skipped.Where(s => !s.IsFault).GroupBy(s => s.Reason).OrderBy(g => g.Key)
                .Select(g => FormattableString.Invariant($"{g.Count()} {Name(g.Key, g.Count())}"))];
            return counts.Length > 0 ? string.Join(", ", counts) : null;
        }
    }

    private static string Name(SkipReason reason, int count) => reason switch
    {
        SkipReason.Hidden => "hidden",
        SkipReason.OwnOutput => count == 1 ? "own output" : "own outputs",
        SkipReason.NotAnImage => count == 1 ? "not an image" : "not images",
        SkipReason.Duplicate => "found twice",
        _ => count == 1 ? "link to a folder around it" : "links to a folder around them",
    };
}

/// <summary>How folders are searched for images.</summary>
public sealed record ImageSearchOptions
{
    /// <summary>Whether sub-folders are searched, too.</summary>
    /// <value>Default true.</value>
    public bool Recursive { get; init; } = true;

    /// <summary>Files and folders that may be met before the search ends in an <see cref="ImageSearchException"/>.</summary>
    /// <value>Default 2 million.</value>
    public int MaximumEntries { get; init; } = 2_000_000;
}

/// <summary>A search for images met more than it may.</summary>
public sealed class ImageSearchException : MfpClipException
{
    /// <summary>Creates the error.</summary>
    public ImageSearchException(string path, string reason, Exception? innerException = null)
        : base($"Folder '{path}': {reason}", innerException) => Path = path;

    /// <summary>The folder.</summary>
    public string Path { get; }
}
