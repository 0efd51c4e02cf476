using System.Buffers.Binary;
using System.IO.Compression;

namespace MfpClip.Tests.Imaging.Rows;

/// <summary>Writes TIFF files byte by byte, from the specification, with known samples.</summary>
internal sealed record TiffFile
{
    public int Width { get; init; } = 21;

    public int Height { get; init; } = 17;

    public int Bits { get; init; } = 8;

    public int Samples { get; init; } = 3;

    public int Photometric { get; init; } = 2;

    /// <summary>1 none, 8 Deflate, 32773 PackBits.</summary>
    public int Compression { get; init; } = 1;

    public int Predictor { get; init; } = 1;

    public bool Little { get; init; } = true;

    public bool Big { get; init; }

    public int RowsPerStrip { get; init; } = 5;

    /// <summary>0: strips.</summary>
    public int TileWidth { get; init; }

    public int TileLength { get; init; }

    public bool Separate { get; init; }

    /// <summary>Meaning of the sample after the colour: 1 colours are multiplied by it, 2 they are not.</summary>
    public int Extra { get; init; }

    public int FillOrder { get; init; } = 1;

    /// <summary>Other entries, or others' values: tag, type, values.</summary>
    public (int Tag, int Type, long[] Values)[] Entries { get; init; } = [];

    public static (int Tag, int Type, long[] Values) Orientation(int value) => (274, 3, [value]);

    /// <param name="value">The sample at x, y of a channel.</param>
    public byte[] Write(Func<int, int, int, int> value)
    {
        List<byte> file = [.. new byte[Big ? 16 : 8]];
        List<long> offsets = [], lengths = [];
        foreach (var (x, y, width, height, plane) in Segments())
        {
            byte[] packed = Packed([.. Enumerable.Range(y, height).SelectMany(r => Row(x, r, width, plane, value))], RowBytes(width));
            offsets.Add(file.Count);
            lengths.Add(packed.Length);
            file.AddRange(packed);
        }

        bool tiled = TileWidth > 0;
        List<(int Tag, int Type, long[] Values)> entries =
        [
            (256, 3, [Width]), (257, 3, [Height]), (258, 3, [.. Enumerable.Repeat((long)Bits, Samples)]), (259, 3, [Compression]), (262, 3, [Photometric]),
            (tiled ? 324 : 273, Big ? 16 : 4, [.. offsets]), (277, 3, [Samples]), (tiled ? 325 : 279, Big ? 16 : 4, [.. lengths]), (284, 3, [Separate ? 2 : 1]),
        ];
        entries.AddRange(tiled ? [(322, 3, [TileWidth]), (323, 3, [TileLength])] : [(278, 4, [RowsPerStrip])]);
        entries.AddRange(Predictor > 1 ? [(317, 3, [Predictor])] : []);
        entries.AddRange(Extra > 0 ? [(338, 3, [Extra])] : []);
        entries.AddRange(FillOrder > 1 ? [(266, 3, [FillOrder])] : []);
        entries.RemoveAll(e => Entries.Any(o => o.Tag == e.Tag));
        entries.AddRange(Entries.Where(e => e.Values.Length > 0));
        Directory(file, [.. entries.OrderBy(e => e.Tag)]);
        return [.. file];
    }

    private IEnumerable<(int X, int Y, int Width, int Height, int Plane)> Segments()
    {
        for (int plane = 0; plane < (Separate ? Samples : 1); plane++)
        {
            for (int y = 0; y < Height; y += TileWidth > 0 ? TileLength : RowsPerStrip)
            {
                for (int x = 0; x < Width; x += TileWidth > 0 ? TileWidth : Width)
                {
                    yield return TileWidth > 0 ? (x, y, TileWidth, TileLength, plane) : (x, y, Width, Math.Min(RowsPerStrip, Height - y), plane);
                }
            }
        }
    }

    private int RowBytes(int width) => ((width * (Separate ? 1 : Samples) * Bits) + 7) / 8;

    private byte[] Row(int left, int y, int width, int plane, Func<int, int, int, int> value)
    {
        int channels = Separate ? 1 : Samples, most = (1 << Bits) - 1;
        byte[] row = new byte[RowBytes(width)];
        for (int x = 0; x < width; x++)
        {
            for (int c = 0; c < channels; c++)
            {
                // What tiles have beyond the image is anything.
                int Sample(int at) => at >= Width || y >= Height ? (at * 7) & most : value(at, y, plane + c);
                int sample = (Predictor == 2 && x > 0 ? Sample(left + x) - Sample(left + x - 1) : Sample(left + x)) & most;
                int at = ((x * channels) + c) * Bits;
                if (Bits == 16)
                {
                    (row[at / 8], row[(at / 8) + 1]) = Little ? ((byte)sample, (byte)(sample >> 8)) : ((byte)(sample >> 8), (byte)sample);
                }
                else
                {
                    row[at / 8] |= (byte)(sample << (8 - Bits - (at % 8)));
                }
            }
        }

        return row;
    }

    private byte[] Packed(byte[] bytes, int row)
    {
        if (Compression == 8)
        {
            using var memory = new MemoryStream();
            using (var zlib = new ZLibStream(memory, CompressionLevel.Optimal))
            {
                zlib.Write(bytes);
            }

            bytes = memory.ToArray();
        }
        else if (Compression == 32773)
        {
            // Each row by itself: a run of three, then single bytes as they are.
            bytes = [.. bytes.Chunk(row).SelectMany(r => r.Length >= 3 && r[0] == r[1] && r[1] == r[2]
                ? [unchecked((byte)-2), r[0], .. Literal(r[3..])] : Literal(r))];
        }

        return FillOrder == 1 ? bytes : [.. bytes.Select(b => (byte)Enumerable.Range(0, 8).Sum(i => ((b >> i) & 1) << (7 - i)))];
    }

    private static IEnumerable<byte> Literal(byte[] bytes) => bytes.Chunk(100).SelectMany(c => (byte[])[(byte)(c.Length - 1), .. c]);

    private void Directory(List<byte> file, (int Tag, int Type, long[] Values)[] entries)
    {
        if (file.Count % 2 == 1)
        {
            file.Add(0);
        }

        int entry = Big ? 20 : 12, inside = Big ? 8 : 4, start = file.Count, values = start + (Big ? 16 : 6) + (entries.Length * entry);
        List<byte> outside = [], directory = [.. Number(entries.Length, Big ? 8 : 2)];
        foreach (var (tag, type, content) in entries)
        {
            int size = type switch { 1 or 7 => 1, 3 => 2, 4 => 4, _ => 8 };
            byte[] bytes = [.. content.SelectMany(v => Number(v, size))];
            directory.AddRange([.. Number(tag, 2), .. Number(type, 2), .. Number(content.Length, inside)]);
            if (bytes.Length <= inside)
            {
                directory.AddRange([.. bytes, .. new byte[inside - bytes.Length]]);
            }
            else
            {
                directory.AddRange(Number(values + outside.Count, inside));
                outside.AddRange(bytes);
            }
        }

        directory.AddRange(Number(0, inside));
        file.AddRange([.. directory, .. outside]);
        byte[] header = [(byte)(Little ? 'I' : 'M'), (byte)(Little ? 'I' : 'M'), .. Number(Big ? 43 : 42, 2),
            .. Big ? (byte[])[.. Number(8, 2), 0, 0] : [], .. Number(start, inside)];
        for (int i = 0; i < header.Length; i++)
        {
            file[i] = header[i];
        }
    }

    private byte[] Number(long value, int size)
    {
        byte[] bytes = new byte[8];
        if (Little)
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
            return bytes[..size];
        }

        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return bytes[(8 - size)..];
    }
}
