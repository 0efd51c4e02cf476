using System.Buffers.Binary;

namespace MfpClip.Imaging.Rows;

/// <summary>The content of a PNG file's consecutive IDAT chunks as one stream; their checksums are verified.</summary>
internal sealed class PngData : Stream
{
    private readonly Stream _file;
    private readonly string _source;
    private long _left;
    private bool _inChunk;
    private PngChecksum _crc;

    /// <param name="file">The file; not closed by this stream.</param>
    /// <param name="start">Where the first chunk begins.</param>
    /// <param name="source">Name in errors.</param>
    public PngData(Stream file, long start, string source)
    {
        (_file, _source) = (file, source);
        file.Position = start;
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty || !Advance())
        {
            return 0;
        }

        int read = _file.Read(buffer[..(int)Math.Min(buffer.Length, _left)]);
        if (read == 0)
        {
            throw RowChecks.Truncated(_source);
        }

        _crc.Add(buffer[..read]);
        _left -= read;
        if (_left == 0)
        {
            CheckEnd();
        }

        return read;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    // To a chunk with content; false after the last one.
    private bool Advance()
    {
        Span<byte> start = stackalloc byte[8];
        while (_left == 0)
        {
            if (_file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) < start.Length || !start[4..].SequenceEqual("IDAT"u8))
            {
                _file.Position = _file.Length;
                return false;
            }

            (_left, _inChunk, _crc) = (BinaryPrimitives.ReadUInt32BigEndian(start), true, default);
            _crc.Add(start[4..]);
            if (_left == 0)
            {
                CheckEnd();
            }
        }

        return _inChunk;
    }

    private void CheckEnd()
    {
        Span<byte> stated = stackalloc byte[4];
        if (_file.ReadAtLeast(stated, stated.Length, throwOnEndOfStream: false) < stated.Length)
        {
            throw RowChecks.Truncated(_source);
        }

        if (BinaryPrimitives.ReadUInt32BigEndian(stated) != _crc.Value)
        {
            throw RowChecks.Damaged(_source, "a checksum is wrong");
        }
    }
}
