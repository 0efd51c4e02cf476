namespace MfpClip.Files;

/// <summary>Reads small files as a whole, and refuses larger ones before anything is allocated: settings, lists, vocabularies.</summary>
internal static class BoundedFile
{
    /// <summary>Bytes of a file of settings at most.</summary>
    public const long Settings = 1 << 20;

    /// <summary>Reads a text.</summary>
    /// <param name="path">The file.</param>
    /// <param name="most">Bytes that it may have.</param>
    /// <exception cref="IOException">It has more, or cannot be read.</exception>
    public static string ReadText(string path, long most = Settings)
    {
        using var stream = Open(path, most);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>Opens a file; what is read of it ends with an error where it has more bytes than it may.</summary>
    /// <param name="path">The file.</param>
    /// <param name="most">Bytes that it may have.</param>
    /// <exception cref="IOException">It has more, or cannot be read.</exception>
    public static Stream Open(string path, long most)
    {
        var file = File.OpenRead(path);
        if (file.Length > most)
        {
            long length = file.Length;
            file.Dispose();
            throw new IOException(FormattableString.Invariant($"it has {length} bytes, more than the {most} that such a file may have"));
        }

        return new BoundedStream(file, most);
    }
}

/// <summary>What is read of a stream, up to a number of bytes: the size of a pipe or of compressed data is not known before.</summary>
/// <param name="inner">The stream; disposed with this one.</param>
/// <param name="most">Bytes at most.</param>
internal sealed class BoundedStream(Stream inner, long most) : Stream
{
    private long _read;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => _read;
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        int count = inner.Read(buffer);
        _read += count;
        return _read <= most ? count : throw new IOException(FormattableString.Invariant($"it holds more than the {most} bytes that such a file may hold"));
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
