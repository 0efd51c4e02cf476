namespace MfpClip.Tiff;

/// <summary>
/// A BigTIFF header and directory of one plane: for LibTiff they stand before and behind the bytes of the file, which begins after the header. They are
/// little-endian whatever the file is, because LibTiff does not read the other kind of BigTIFF.
/// </summary>
internal sealed class PlaneDirectory
{
    /// <summary>Bytes before those of the file.</summary>
    public const int HeaderLength = 16;

    private const int EntryLength = 20;
    private const int Short = 3, Long = 4, Undefined = 7, Long8 = 16;
    private const int Black = 1, Rgb = 2;
    private readonly byte[] _header = new byte[HeaderLength];
    private readonly byte[] _directory;
    private readonly long _start;

    private PlaneDirectory(long fileLength, List<(TiffTag Tag, int Type, long[] Values)> entries)
    {
        _start = (HeaderLength + fileLength + 7) / 8 * 8;
        int values = 8 + (entries.Count * EntryLength) + 8;
        _directory = new byte[values + entries.Sum(e => Outside(e.Type, e.Values.Length))];
        _header[0] = _header[1] = (byte)'I';
        Put(_header.AsSpan(2), 43, 2);
        Put(_header.AsSpan(4), 8, 2);
        Put(_header.AsSpan(8), _start, 8);
        Put(_directory, entries.Count, 8);
        int at = 8;
        foreach (var (tag, type, content) in entries)
        {
            var entry = _directory.AsSpan(at, EntryLength);
            Put(entry, (long)tag, 2);
            Put(entry[2..], type, 2);
            Put(entry[4..], content.Length, 8);
            int outside = Outside(type, content.Length), size = Size(type);
            if (outside > 0)
            {
                Put(entry[12..], _start + values, 8);
            }

            var target = outside > 0 ? _directory.AsSpan(values) : entry[12..];
            for (int i = 0; i < content.Length; i++)
            {
                Put(target[(i * size)..], content[i], size);
            }

            (at, values) = (at + EntryLength, values + outside);
        }
    }

    /// <summary>Length of the file as LibTiff sees it.</summary>
    public long End => _start + _directory.Length;

    /// <summary>Makes the directory of one plane: an image of its own, in which samples that share a strip are together.</summary>
    public static PlaneDirectory Make(long fileLength, TiffLayout layout, TiffSegments segments, int plane)
    {
        long[] Part(long[] all) => all.AsSpan(plane * segments.EachPlane, segments.EachPlane).ToArray();
        long[] Moved(long[] all) => [.. Part(all).Select(o => o + HeaderLength)];
        List<(TiffTag Tag, int Type, long[] Values)> entries =
        [
            (TiffTag.ImageWidth, Long, [layout.Width]),
            (TiffTag.ImageLength, Long, [layout.Height]),
            (TiffTag.BitsPerSample, Short, [.. Enumerable.Repeat((long)layout.Bits, layout.StoredSamples)]),
            (TiffTag.Compression, Short, [layout.Compression]),
            (TiffTag.Photometric, Short, [layout.IsYCbCr ? layout.Photometric : layout.StoredSamples >= 3 ? Rgb : Black]),
            (TiffTag.FillOrder, Short, [layout.FillOrder == 2 ? 2 : 1]),
            (TiffTag.SamplesPerPixel, Short, [layout.StoredSamples]),
            (TiffTag.PlanarConfiguration, Short, [1]),
        ];
        if (segments.Tiled)
        {
            entries.AddRange(
            [
                (TiffTag.TileWidth, Long, [segments.Width]), (TiffTag.TileLength, Long, [segments.Height]),
                (TiffTag.TileOffsets, Long8, Moved(segments.Offsets)), (TiffTag.TileByteCounts, Long8, Part(segments.Lengths)),
            ]);
        }
        else
        {
            entries.AddRange(
            [
                (TiffTag.RowsPerStrip, Long, [segments.Height]),
                (TiffTag.StripOffsets, Long8, Moved(segments.Offsets)), (TiffTag.StripByteCounts, Long8, Part(segments.Lengths)),
            ]);
        }

        if (layout.Predictor != 1 && !layout.UpperFirst)
        {
            entries.Add((TiffTag.Predictor, Short, [layout.Predictor]));
        }

        if (layout.Tables.Length > 0)
        {
            entries.Add((TiffTag.JpegTables, Undefined, [.. layout.Tables.Select(b => (long)b)]));
        }

        if (layout.Subsampling.Length > 0)
        {
            entries.Add((TiffTag.YCbCrSubsampling, Short, layout.Subsampling));
        }

        return new PlaneDirectory(fileLength, [.. entries.OrderBy(e => e.Tag)]);
    }

    /// <summary>Reads what stands before and behind the file.</summary>
    /// <returns>Bytes read; <see langword="null"/> where the position is within the file.</returns>
    public int? Read(long position, Span<byte> bytes)
    {
        var from = position < HeaderLength ? _header.AsSpan((int)Math.Max(0, position))
            : position >= _start ? _directory.AsSpan((int)Math.Min(position - _start, _directory.Length)) : null;
        if (position >= HeaderLength && position < _start)
        {
            return null;
        }

        int count = Math.Min(bytes.Length, from.Length);
        from[..count].CopyTo(bytes);
        return count;
    }

    private static int Size(int type) => type switch { Short => 2, Long => 4, Undefined => 1, _ => 8 };

    private static int Outside(int type, int count) => Size(type) * count > 8 ? Size(type) * count : 0;

    private static void Put(Span<byte> to, long value, int size)
    {
        for (int i = 0; i < size; i++)
        {
            to[i] = (byte)(value >> (8 * i));
        }
    }
}
