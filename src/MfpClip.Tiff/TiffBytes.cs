using Microsoft.Win32.SafeHandles;

namespace MfpClip.Tiff;

/// <summary>The bytes of a TIFF file, on disk or in memory, read at any position.</summary>
internal sealed class TiffBytes : IDisposable
{
    private readonly SafeFileHandle? _file;
    private readonly ReadOnlyMemory<byte> _memory;

    private TiffBytes(SafeFileHandle? file, ReadOnlyMemory<byte> memory, long length) => (_file, _memory, Length) = (file, memory, length);

    /// <summary>Bytes of the file.</summary>
    public long Length { get; }

    /// <summary>Opens a file.</summary>
    public static TiffBytes Open(string path)
    {
        var file = File.OpenHandle(path);
        return new(file, default, RandomAccess.GetLength(file));
    }

    /// <summary>A file in memory.</summary>
    public static TiffBytes Of(ReadOnlyMemory<byte> memory) => new(null, memory, memory.Length);

    /// <summary>Whether the file begins as TIFF or BigTIFF does.</summary>
    public bool IsTiff()
    {
        Span<byte> start = stackalloc byte[4];
        return Length > 8 && Read(0, start) == 4
            && (start.SequenceEqual("II*\0"u8) || start.SequenceEqual("MM\0*"u8) || start.SequenceEqual("II+\0"u8) || start.SequenceEqual("MM\0+"u8));
    }

    /// <summary>Reads as much as there is.</summary>
    /// <returns>Bytes read: fewer than asked for only at the end.</returns>
    public int Read(long offset, Span<byte> bytes)
    {
        bytes = bytes[..(int)Math.Clamp(Length - offset, 0, bytes.Length)];
        if (_file is null)
        {
            _memory.Span.Slice((int)Math.Min(offset, Length), bytes.Length).CopyTo(bytes);
            return bytes.Length;
        }

        int done = 0;
        while (done < bytes.Length && RandomAccess.Read(_file, bytes[done..], offset + done) is > 0 and var read)
        {
            done += read;
        }

        return done;
    }

    public void Dispose() => _file?.Dispose();
}
