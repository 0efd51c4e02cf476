namespace MfpClip.Files;

/// <summary>A file that is written piece by piece and has its name when it is complete; before, it is a temporary file in the same folder.</summary>
internal sealed class StreamedFile : IDisposable
{
    private readonly string _path;
    private readonly string _temporary;
    private readonly FileStream _stream;
    private bool _complete;

    /// <exception cref="OutputException">The folder is absent and cannot be made, or is not writable.</exception>
    public StreamedFile(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        (_path, _temporary) = (path, AtomicFile.TemporaryOf(path));
        FileStream? stream = null;
        Guard(() =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            stream = new FileStream(_temporary, FileMode.CreateNew, FileAccess.Write);
        });
        _stream = stream!;
    }

    /// <summary>Where it is written to; write within <see cref="Guard"/>.</summary>
    public Stream Stream => _stream;

    /// <summary>Gives the file its name.</summary>
    /// <exception cref="OutputException">It cannot be written.</exception>
    public void Complete() => Guard(() =>
    {
        _stream.Flush(flushToDisk: true);
        _stream.Dispose();
        File.Move(_temporary, _path, overwrite: true);
        _complete = true;
    });

    /// <summary>Turns errors of the file system into <see cref="OutputException"/>.</summary>
    public void Guard(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (DiskFault.Is(e) || e is NotSupportedException)
        {
            throw new OutputException(_path, $"it cannot be written ({e.Message}).", e);
        }
    }

    /// <summary>Removes what was not completed.</summary>
    public void Dispose()
    {
        if (_complete)
        {
            return;
        }

        try
        {
            _stream.Dispose(); // writes what is left in the buffer: on a full disk that fails again
        }
        catch (Exception e) when (DiskFault.Is(e))
        {
            // Reported where it was met.
        }

        AtomicFile.Remove(_temporary);
    }
}
