using System.Text;

namespace MfpClip.Files;

/// <summary>Writes a file all or not at all: a temporary file in the same folder, then a rename.</summary>
internal static class AtomicFile
{
    /// <exception cref="OutputException">The folder is absent, not writable, or full; nothing is left behind.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string temporary = TemporaryOf(path);
        try
        {
            if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder)
            {
                Directory.CreateDirectory(folder);
            }

            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e)
        {
            Remove(temporary);
            if (DiskFault.Is(e) || e is NotSupportedException)
            {
                throw new OutputException(path, $"it cannot be written ({e.Message}).", e);
            }

            throw;
        }
    }

    /// <summary>Writes a text as UTF-8 without a byte order mark.</summary>
    /// <exception cref="OutputException">The folder is absent, not writable, or full; nothing is left behind.</exception>
    public static void WriteText(string path, string text) => Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)));

    /// <summary>A name in the same folder that nobody has; short, because the path's own name may have the greatest length already.</summary>
    public static string TemporaryOf(string path) => Path.Combine(Path.GetDirectoryName(path) ?? string.Empty, $"mfpclip.{Guid.NewGuid():N}.tmp");

    /// <summary>Removes a temporary file; where that fails, the error before it is the one to report.</summary>
    public static void Remove(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Nothing depends on it.
        }
    }
}
