namespace MfpClip;

/// <summary>One search: what was met so far, and where.</summary>
internal sealed class ImageWalk(IReadOnlyCollection<string> extensions, ImageSearchOptions options)
{
    private readonly HashSet<string> _extensions = new(extensions, StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _files = new(StringComparer.Ordinal);
    private readonly HashSet<string> _folders = new(StringComparer.Ordinal);
    private readonly List<string> _images = [];
    private readonly List<SkippedFile> _skipped = [];
    private int _entries;

    public ImageSearchResult Result() => new(_images, _skipped);

    public void Add(string path)
    {
        if (Directory.Exists(path))
        {
            AddFolder(path);
        }
        else if (!File.Exists(path))
        {
            _skipped.Add(IsLink(path) ? Dangling(path) : new(path, SkipReason.NotFound, "there is no such file or folder."));
        }
        else if (_files.Add(RealPath.Of(path)))
        {
            _images.Add(path);
        }
        else
        {
            _skipped.Add(Twice(path));
        }
    }

    private void AddFolder(string root)
    {
        string real = RealPath.Of(root);
        var found = new Found();
        if (OwnOutputs.IsFolder(root))
        {
            _skipped.Add(new(root, SkipReason.OwnOutput, $"it is an output folder of mfpclip (it holds {OwnOutputs.MarkerName}); name the images themselves."));
            return;
        }

        if (_folders.Contains(real))
        {
            _skipped.Add(Twice(root));
            return;
        }

        // What is there itself before what is linked: of two paths of a file the one without a link is taken.
        var links = new Queue<(FileSystemInfo Entry, string Parent)>();
        Walk(new(root), real, found, links);
        while (links.TryDequeue(out var link))
        {
            Follow(link.Entry, link.Parent, real, found, links);
        }

        found.Images.Sort(Compare);
        found.Skipped.Sort((a, b) => Compare(a.Path, b.Path));
        _images.AddRange(found.Images);
        _skipped.AddRange(found.Skipped);
        if (found.Images.Count == 0 && !found.Skipped.Any(s => s.IsFault || s.Reason is SkipReason.OwnOutput or SkipReason.Duplicate))
        {
            _skipped.Add(new(root, SkipReason.NoImages, $"the folder holds no images ({string.Join(", ", _extensions.Order(StringComparer.Ordinal))})."));
        }
    }

    private void Walk(DirectoryInfo start, string startReal, Found found, Queue<(FileSystemInfo Entry, string Parent)> links)
    {
        var open = new Stack<(DirectoryInfo Folder, string Real)>([(start, startReal)]);
        while (open.TryPop(out var next))
        {
            if (!_folders.Add(next.Real))
            {
                found.Skipped.Add(Twice(next.Folder.ToString()));
                continue;
            }

            foreach (var entry in Entries(next.Folder, found).OrderBy(e => e.Name, StringComparer.Ordinal))
            {
                if (Left(entry) is { } skipped)
                {
                    found.Skipped.Add(skipped);
                }
                else if (entry.Attributes.HasFlag(FileAttributes.ReparsePoint) && entry.LinkTarget is not null)
                {
                    links.Enqueue((entry, next.Real));
                }
                else if (entry is not DirectoryInfo folder)
                {
                    AddFile(entry.ToString(), Path.Combine(next.Real, entry.Name), found);
                }
                else if (options.Recursive)
                {
                    open.Push((folder, Path.Combine(next.Real, entry.Name)));
                }
            }
        }
    }

    private void Follow(FileSystemInfo link, string parent, string root, Found found, Queue<(FileSystemInfo Entry, string Parent)> links)
    {
        string path = link.ToString();
        string real;
        try
        {
            real = RealPath.Of(path);
        }
        catch (IOException)
        {
            found.Skipped.Add(Dangling(path));
            return;
        }

        if (File.Exists(real))
        {
            AddFile(path, real, found);
        }
        else if (!Directory.Exists(real))
        {
            found.Skipped.Add(Dangling(path));
        }
        else if (RealPath.Contains(real, parent) || RealPath.Contains(real, root))
        {
            found.Skipped.Add(new(path, SkipReason.LinkToParent, $"it is a link to a folder around it ({real})."));
        }
        else if (options.Recursive)
        {
            Walk(new(path), real, found, links);
        }
    }

    private List<FileSystemInfo> Entries(DirectoryInfo folder, Found found)
    {
        var entries = new List<FileSystemInfo>();
        try
        {
            // Relative to how the folder was named, so that paths are those that the user knows.
            foreach (var entry in folder.EnumerateFileSystemInfos())
            {
                string path = Path.Combine(folder.ToString(), entry.Name);
                entries.Add(entry is DirectoryInfo ? new DirectoryInfo(path) : new FileInfo(path));
                if (++_entries > options.MaximumEntries)
                {
                    throw new ImageSearchException(folder.ToString(), FormattableString.Invariant(
                        $"the search met more than {options.MaximumEntries} files and folders ({nameof(ImageSearchOptions)}.")
                        + $"{nameof(ImageSearchOptions.MaximumEntries)}). Name a folder further down.");
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            found.Skipped.Add(new(folder.ToString(), SkipReason.Unreadable, $"the folder cannot be read ({e.Message})."));
        }

        return entries;
    }

    private static SkippedFile? Left(FileSystemInfo entry) =>
        HiddenFiles.Contains(entry) ? new(entry.ToString(), SkipReason.Hidden, "it is hidden.")
        : (int)entry.Attributes == -1 ? new(entry.ToString(), SkipReason.Unreadable, "it was removed meanwhile, or its name is not valid text; rename it.")
        : entry is DirectoryInfo && OwnOutputs.IsFolder(entry.FullName) ? new(entry.ToString(), SkipReason.OwnOutput, "it is an output folder of mfpclip.")
        : entry is FileInfo && OwnOutputs.IsFile(entry.FullName) ? new(entry.ToString(), SkipReason.OwnOutput, "mfpclip wrote it.")
        : null;

    private void AddFile(string path, string real, Found found)
    {
        if (FileFormat.Unread(path, _extensions) is { } skipped)
        {
            found.Skipped.Add(skipped);
        }
        else if (_files.Add(real))
        {
            found.Images.Add(path);
        }
        else
        {
            found.Skipped.Add(Twice(path));
        }
    }

    private static bool IsLink(string path) => new FileInfo(path).LinkTarget is not null;

    private static SkippedFile Dangling(string path) => new(path, SkipReason.DanglingLink, IsLink(path)
        ? $"it is a link to '{new FileInfo(path).LinkTarget}', which is not there or leads back to the link." : "it is a link that leads to itself.");

    private static SkippedFile Twice(string path) => new(path, SkipReason.Duplicate, "the same file or folder was found under another path.");

    // '/' between folders on every system, so that the order is the same on every system.
    private static int Compare(string a, string b) => string.CompareOrdinal(
        a.Replace(Path.DirectorySeparatorChar, '/'), b.Replace(Path.DirectorySeparatorChar, '/'));

    private sealed class Found
    {
        public List<string> Images { get; } = [];

        public List<SkippedFile> Skipped { get; } = [];
    }
}
