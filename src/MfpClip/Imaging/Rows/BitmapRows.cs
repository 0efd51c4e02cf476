using System.Buffers.Binary;

namespace MfpClip.Imaging.Rows;

/// <summary>
/// Rows of an uncompressed BMP file of 8, 24 or 32 bits a pixel. In managed code, because most are stored from the bottom, where Skia begins.
/// </summary>
internal sealed class BitmapRows : IImageRowReader
{
    private const int FileHeader = 14, InfoHeader = 40, LongestHeader = 124, Uncompressed = 0;
    private readonly Stream _file;
    private readonly string _source;
    private readonly long _start;
    private readonly int _bits;
    private readonly bool _fromTop;
    private readonly byte[] _palette;
    private readonly byte[] _row;
    private int _next;

    private BitmapRows(Stream file, string source, int width, int height, (long Start, int Stride, int Bits, bool FromTop) stored, byte[] palette)
    {
        (_file, _source, _palette, Width, Height) = (file, source, palette, width, height);
        (_start, int stride, _bits, _fromTop) = stored;
        _row = new byte[stride];
    }

    public int Width { get; }

    public int Height { get; }

    /// <returns>The reader, which owns the file; <see langword="null"/> where the image must be decoded whole.</returns>
    public static BitmapRows? Open(Stream file, string source, RowLimits limits)
    {
        Span<byte> header = stackalloc byte[FileHeader + InfoHeader];
        if (file.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length)
        {
            return null;
        }

        var info = header[FileHeader..];
        long length = Number(info, 0), width = (int)Number(info, 4), height = (int)Number(info, 8), used = Number(info, 32);
        int bits = BinaryPrimitives.ReadUInt16LittleEndian(info[14..]);
        if (length is not (InfoHeader or 52 or 56 or 108 or LongestHeader) || Number(info, 16) != Uncompressed || bits is not (8 or 24 or 32))
        {
            return null;
        }

        RowChecks.Size(width, Math.Abs(height), source, limits);
        long stride = ((width * bits) + 31) / 32 * 4;
        long start = Number(header, 10);
        RowChecks.Memory(stride, "its rows are too long", source, limits);
        if (used > 256 || stride > Array.MaxLength || start < FileHeader + length)
        {
            return null;
        }

        // Beyond the stated colours black, as Skia has it.
        byte[] palette = new byte[256 * 4];
        if (bits == 8)
        {
            file.Position = FileHeader + length;
            int colors = (int)Math.Min(used == 0 ? 256 : used, (start - FileHeader - length) / 4);
            file.ReadAtLeast(palette.AsSpan(0, colors * 4), colors * 4, throwOnEndOfStream: false);
        }

        return start + (stride * Math.Abs(height)) <= file.Length
            ? new BitmapRows(file, source, (int)width, (int)Math.Abs(height), (start, (int)stride, bits, height < 0), palette)
            : throw RowChecks.Truncated(source);
    }

    public void Read(Span<byte> rows)
    {
        int count = RowRequest.Count(rows.Length, Width, Height - _next);
        for (int i = 0; i < count; i++, _next++)
        {
            try
            {
                _file.Position = _start + ((long)(_fromTop ? _next : Height - 1 - _next) * _row.Length);
                _file.ReadExactly(_row);
            }
            catch (EndOfStreamException)
            {
                throw RowChecks.Truncated(_source);
            }
            catch (IOException e)
            {
                throw UnreadableFile.Error(_source, _source, e);
            }

            ToRgb(rows.Slice(i * Width * 3, Width * 3));
        }
    }

    public void Dispose() => _file.Dispose();

    private void ToRgb(Span<byte> rgb)
    {
        int pixel = _bits / 8;
        for (int from = 0, to = 0; to < rgb.Length; from += pixel, to += 3)
        {
            var bgr = pixel == 1 ? _palette.AsSpan(_row[from] * 4, 3) : _row.AsSpan(from, 3);
            (rgb[to], rgb[to + 1], rgb[to + 2]) = (bgr[2], bgr[1], bgr[0]);
        }
    }

    private static long Number(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);
}
