using System.IO.Compression;

namespace MfpClip.Imaging.Rows;

/// <summary>
/// Rows of a PNG file that is not interlaced. In managed code, because Skia decodes PNG either whole or each time from its first row.
/// </summary>
internal sealed class PngRows : IImageRowReader
{
    private readonly Stream _file;
    private readonly string _source;
    private readonly PngHeader _header;
    private readonly ZLibStream _data;
    private byte[] _row, _above;
    private int _next;

    private PngRows(Stream file, string source, PngHeader header)
    {
        (_file, _source, _header) = (file, source, header);
        (Width, Height) = ((int)header.Width, (int)header.Height);
        _data = new ZLibStream(new PngData(file, header.Data, source), CompressionMode.Decompress);
        _row = new byte[RowBytes(header)];
        _above = new byte[_row.Length];
    }

    public int Width { get; }

    public int Height { get; }

    /// <returns>The reader, which owns the file; <see langword="null"/> where the image must be decoded whole.</returns>
    public static PngRows? Open(Stream file, string source, RowLimits limits)
    {
        PngHeader header;
        try
        {
            header = PngHeader.Read(file, source, limits);
        }
        catch (EndOfStreamException)
        {
            throw RowChecks.Truncated(source);
        }

        RowChecks.Size(header.Width, header.Height, source, limits);
        if (header.Interlaced || header.Orientation is not (null or 1))
        {
            return null;
        }

        if (header.ColorType == 3 && header.Palette.Length == 0)
        {
            throw RowChecks.Damaged(source, "its palette is missing");
        }

        RowChecks.Memory(2.0 * RowBytes(header), "its rows are too long", source, limits);
        return RowBytes(header) < Array.MaxLength ? new PngRows(file, source, header) : null;
    }

    public void Read(Span<byte> rows)
    {
        int count = RowRequest.Count(rows.Length, Width, Height - _next);
        for (int i = 0; i < count; i++, _next++)
        {
            Fill();
            PngSamples.ToRgb(_row.AsSpan(1), rows.Slice(i * Width * 3, Width * 3), _header);
            (_row, _above) = (_above, _row);
        }
    }

    public void Dispose()
    {
        _data.Dispose();
        _file.Dispose();
    }

    private static long RowBytes(PngHeader header) => 1 + (((header.Width * header.Samples * header.BitDepth) + 7) / 8);

    private void Fill()
    {
        try
        {
            if (_data.ReadAtLeast(_row, _row.Length, throwOnEndOfStream: false) < _row.Length)
            {
                throw RowChecks.Truncated(_source);
            }
        }
        catch (InvalidDataException e)
        {
            throw RowChecks.Damaged(_source, "its compressed data are invalid", e);
        }
        catch (IOException e)
        {
            throw UnreadableFile.Error(_source, _source, e);
        }

        if (!PngFilter.Undo(_row[0], _row.AsSpan(1), _above.AsSpan(1), Math.Max(1, _header.Samples * _header.BitDepth / 8)))
        {
            throw RowChecks.Damaged(_source, $"row {_next} has the filter {_row[0]}");
        }
    }
}
