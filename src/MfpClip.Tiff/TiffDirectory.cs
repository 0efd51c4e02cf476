using System.Buffers.Binary;
using MfpClip.Imaging.Rows;

namespace MfpClip.Tiff;

/// <summary>
/// The first directory of a TIFF or BigTIFF file. Nothing of it is believed: what an entry points to must be in the file, and a value is read only when it is
/// asked for, with the number of values that make sense. Further directories are not followed.
/// </summary>
internal sealed class TiffDirectory
{
    private const int MostEntries = 65535;
    private const int Byte = 1, Short = 3, Long = 4, Undefined = 7, Long8 = 16;
    private readonly Dictionary<int, (int Type, long Count, long At)> _entries = [];
    private readonly TiffBytes _file;
    private readonly string _source;
    private readonly bool _big;

    /// <summary>Reads the entries.</summary>
    /// <exception cref="ImageDecodeException">The directory is damaged or beyond the end of the file.</exception>
    public TiffDirectory(TiffBytes file, string source)
    {
        (_file, _source) = (file, source);
        byte[] header = Bytes(0, 8);
        LittleEndian = header[0] == 'I';
        _big = Number(header.AsSpan(2), 2) == 43;
        if (_big && (Number(header.AsSpan(4), 2) != 8 || Number(header.AsSpan(6), 2) != 0))
        {
            throw RowChecks.Damaged(source, "its BigTIFF header is invalid");
        }

        long at = _big ? Number(Bytes(8, 8), 8) : Number(header.AsSpan(4), 4);
        int counter = _big ? 8 : 2, entry = _big ? 20 : 12;
        long count = at >= 8 ? Number(Bytes(at, counter), counter) : 0;
        if (count is < 1 or > MostEntries)
        {
            throw RowChecks.Damaged(source, $"its directory has {count} entries");
        }

        byte[] entries = Bytes(at + counter, (int)count * entry);
        for (int i = 0; i < count; i++)
        {
            var e = entries.AsSpan(i * entry, entry);
            int value = _big ? 12 : 8;
            _entries.TryAdd((int)Number(e, 2), ((int)Number(e[2..], 2), Number(e[4..], value - 4), at + counter + (i * entry) + value));
        }
    }

    /// <summary>Whether numbers begin with their lowest byte.</summary>
    public bool LittleEndian { get; }

    /// <summary>Whether there is such an entry.</summary>
    public bool Has(TiffTag tag) => _entries.ContainsKey((int)tag);

    /// <summary>How many values an entry has; 0 where there is none.</summary>
    public long Count(TiffTag tag) => _entries.TryGetValue((int)tag, out var entry) ? entry.Count : 0;

    /// <summary>The first value of an entry.</summary>
    /// <param name="tag">Which.</param>
    /// <param name="missing">The value where there is no such entry; <see langword="null"/>: it must be there.</param>
    public long Value(TiffTag tag, long? missing = null) =>
        Has(tag) ? Values(tag, 1)[0] : missing ?? throw RowChecks.Damaged(_source, $"its directory has no {tag}");

    /// <summary>The first values of an entry.</summary>
    /// <param name="tag">Which.</param>
    /// <param name="count">How many; there must be as many.</param>
    public long[] Values(TiffTag tag, int count)
    {
        var (type, stated, _) = Entry(tag);
        int size = type switch { Byte => 1, Short => 2, Long => 4, Long8 => 8, _ => throw RowChecks.Damaged(_source, $"{tag} has the type {type}") };
        if (stated < count)
        {
            throw RowChecks.Damaged(_source, $"{tag} has {stated} of {count} values");
        }

        byte[] bytes = Content(tag, size, count);
        var values = new long[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = Number(bytes.AsSpan(i * size), size);
        }

        return values;
    }

    /// <summary>The bytes of an entry of bytes.</summary>
    /// <param name="tag">Which.</param>
    /// <param name="most">Beyond so many the file is damaged.</param>
    public byte[] Raw(TiffTag tag, int most)
    {
        var (type, count, _) = Entry(tag);
        return type is Byte or Undefined && count >= 1 && count <= most ? Content(tag, 1, (int)count)
            : throw RowChecks.Damaged(_source, $"{tag} has {count} values of type {type}");
    }

    private (int Type, long Count, long At) Entry(TiffTag tag) =>
        _entries.TryGetValue((int)tag, out var entry) ? entry : throw RowChecks.Damaged(_source, $"its directory has no {tag}");

    // Where the values are depends on how many are stated, not on how many are wanted.
    private byte[] Content(TiffTag tag, int size, int count)
    {
        var (_, stated, at) = Entry(tag);
        int inside = _big ? 8 : 4;
        return Bytes(stated <= inside / size ? at : Number(Bytes(at, inside), inside), (long)size * count);
    }

    private byte[] Bytes(long offset, long count)
    {
        if (offset < 0 || count > Array.MaxLength || offset > _file.Length - count)
        {
            throw RowChecks.Truncated(_source);
        }

        byte[] bytes = new byte[count];
        return _file.Read(offset, bytes) == count ? bytes : throw RowChecks.Truncated(_source);
    }

    private long Number(ReadOnlySpan<byte> bytes, int size) => (size, LittleEndian) switch
    {
        (1, _) => bytes[0],
        (2, true) => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
        (2, false) => BinaryPrimitives.ReadUInt16BigEndian(bytes),
        (4, true) => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
        (4, false) => BinaryPrimitives.ReadUInt32BigEndian(bytes),
        (_, true) => BinaryPrimitives.ReadInt64LittleEndian(bytes), // above 2^63 negative, which nothing accepts
        _ => BinaryPrimitives.ReadInt64BigEndian(bytes),
    };
}
