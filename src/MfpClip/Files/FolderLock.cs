namespace MfpClip.Files;

/// <summary>
/// One run at a time writes to an output folder: two would mix their files without a word. Held from before the work starts, so that a folder which cannot
/// be written is told at once; the system lets go of it when the process ends, however that happens.
/// </summary>
internal sealed class FolderLock : IDisposable
{
    /// <summary>The file that is held; hidden, and gone with the run.</summary>
    public const string Name = ".mfpclip.lock";

    // A file that is being written was touched less than this long ago.
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(1);
    private readonly FileStream _held;
    private readonly IReadOnlyList<string> _made;

    private FolderLock(FileStream held, IReadOnlyList<string> made) => (_held, _made) = (held, made);

    /// <summary>
    /// Makes the folder, holds it, and removes temporary files that a killed run left in it. A folder that was made for the run goes with it where nothing was
    /// written, as when what it was asked to do is refused.
    /// </summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="OutputException">It cannot be written, or another run holds it.</exception>
    public static FolderLock Take(string folder)
    {
        string path = Path.Combine(folder, Name);
        try
        {
            string[] made = [.. Missing(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)))];
            Directory.CreateDirectory(folder);
            if (new FileInfo(path).LinkTarget is not null)
            {
                throw new OutputException(folder, $"'{Name}' in it is a link. Remove it.");
            }

            var held = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
            Sweep(folder);
            return new(held, made);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw new OutputException(folder, File.Exists(path) && e is IOException and not (PathTooLongException or DirectoryNotFoundException)
                ? "another run is writing to this folder. Wait until it is done, or choose another folder."
                : $"the folder cannot be written ({e.Message}).", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _held.Dispose();
        try
        {
            foreach (string folder in _made.TakeWhile(f => !Directory.EnumerateFileSystemEntries(f).Any()))
            {
                Directory.Delete(folder);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It stays, empty.
        }
    }

    // The folder and those around it that are not there, from within.
    private static IEnumerable<string> Missing(string folder)
    {
        for (string? part = folder; part is not null && !Directory.Exists(part); part = Path.GetDirectoryName(part))
        {
            yield return part;
        }
    }

    private static void Sweep(string folder)
    {
        var options = new EnumerationOptions
        {
            RecurseSubdirectories = true, MaxRecursionDepth = 3, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint,
        };
        foreach (string file in Directory.EnumerateFiles(folder, "mfpclip.*.tmp", options))
        {
            string name = Path.GetFileName(file);
            if (name.Length == 44 && name[8..40].All(char.IsAsciiHexDigit) && DateTime.UtcNow - File.GetLastWriteTimeUtc(file) > Idle)
            {
                try
                {
                    File.Delete(file);
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    // Nothing depends on it.
                }
            }
        }
    }
}
