using MfpClip.Imaging.Rows;

namespace MfpClip.Tiff;

/// <summary>
/// Where the strips or tiles of an image are, checked against the file: each lies within it, and what reading them would hold is counted before it is
/// allocated.
/// </summary>
internal sealed class TiffSegments
{
    private const int Overhead = 4096, MostRows = 65535;
    private const long Portion = 1 << 20, ShortRow = 1024;
    private const double ListEntry = 48; // here, in the directory given to LibTiff, and in LibTiff

    private TiffSegments()
    {
    }

    /// <summary>Pixels across one.</summary>
    public required int Width { get; init; }

    /// <summary>Rows of one; the last strip has fewer.</summary>
    public required int Height { get; init; }

    /// <summary>How many there are side by side.</summary>
    public required int Across { get; init; }

    public required bool Tiled { get; init; }

    /// <summary>Positions in the file, of one plane after the other.</summary>
    public required long[] Offsets { get; init; }

    /// <summary>Lengths in the file.</summary>
    public required long[] Lengths { get; init; }

    /// <summary>How many a plane has.</summary>
    public int EachPlane { get; private init; }

    /// <summary>Bytes that reading rows holds, all planes together.</summary>
    public double Memory { get; private set; }

    /// <summary>Finds them.</summary>
    /// <exception cref="ImageDecodeException">The directory is damaged, or a strip ends after the file does.</exception>
    /// <param name="directory">The directory.</param>
    /// <param name="layout">What it says of the pixels.</param>
    /// <param name="length">Bytes of the file.</param>
    /// <param name="source">Name in errors.</param>
    /// <param name="most">Where the list alone needs more, the memory is told and nothing is read.</param>
    public static TiffSegments Read(TiffDirectory directory, TiffLayout layout, long length, string source, long most)
    {
        bool tiled = directory.Has(TiffTag.TileOffsets) || (directory.Has(TiffTag.TileWidth) && !directory.Has(TiffTag.StripOffsets));
        long width = tiled ? directory.Value(TiffTag.TileWidth) : layout.Width;
        long height = tiled ? directory.Value(TiffTag.TileLength) : Math.Min(directory.Value(TiffTag.RowsPerStrip, uint.MaxValue), layout.Height);
        if (width is < 1 or > int.MaxValue || height is < 1 or > int.MaxValue)
        {
            throw RowChecks.Damaged(source, $"its {(tiled ? "tiles" : "strips")} have {width} x {height} pixels");
        }

        long across = ((layout.Width - 1) / width) + 1, eachPlane = across * (((layout.Height - 1) / height) + 1);
        int planes = layout.Separate ? layout.UsedSamples : 1;
        var segments = new TiffSegments { Width = (int)width, Height = (int)height, Across = (int)across, Tiled = tiled, Offsets = [], Lengths = [] };
        double list = ListEntry * eachPlane * planes;
        if (list > most || eachPlane * planes > int.MaxValue / 16)
        {
            segments.Memory = list;
            return segments;
        }

        long[] offsets = directory.Values(tiled ? TiffTag.TileOffsets : TiffTag.StripOffsets, (int)eachPlane * planes);
        long[] lengths = layout.IsUncompressed ? new long[offsets.Length]
            : directory.Values(tiled ? TiffTag.TileByteCounts : TiffTag.StripByteCounts, offsets.Length);
        segments = new TiffSegments
        {
            Width = (int)width, Height = (int)height, Across = (int)across, Tiled = tiled, Offsets = offsets, Lengths = lengths, EachPlane = (int)eachPlane,
        };
        segments.Check(layout, length, source);
        segments = layout.IsUncompressed && !tiled ? segments.InPortions(layout, most) : segments;
        segments.Memory = (ListEntry * segments.Offsets.Length) + segments.Held(layout, planes, source);
        return segments;
    }

    private void Check(TiffLayout layout, long length, string source)
    {
        for (int i = 0; i < Offsets.Length; i++)
        {
            if (layout.IsUncompressed)
            {
                // What the directory says is often wrong, and not needed.
                double bytes = (double)layout.RowBytes(Width) * Rows(i % EachPlane, layout);
                Lengths[i] = bytes <= length ? (long)bytes : throw RowChecks.Truncated(source);
            }

            if (Offsets[i] <= 0 || Lengths[i] <= 0)
            {
                throw RowChecks.Damaged(source, $"{(Tiled ? "tile" : "strip")} {i} is missing");
            }

            if (Offsets[i] > length - Lengths[i])
            {
                throw RowChecks.Truncated(source);
            }
        }
    }

    private long Rows(int index, TiffLayout layout) => Tiled ? Height : Math.Min(Height, layout.Height - ((long)index * Height));

    // Rows of strips that are not compressed can be read in small portions, however large the strips are.
    private TiffSegments InPortions(TiffLayout layout, long most)
    {
        long row = layout.RowBytes(Width);
        if (row * Height <= Portion || (EachPlane > 1 && row < ShortRow))
        {
            return this;
        }

        int rows = EachPlane > 1 ? 1 : (int)Math.Max(1, Portion / row), planes = Offsets.Length / EachPlane;
        int portions = (int)(((layout.Height - 1) / rows) + 1);
        if (ListEntry * portions * planes > most)
        {
            return this;
        }

        var portioned = new TiffSegments
        {
            Width = Width, Height = rows, Across = 1, Tiled = false, EachPlane = portions,
            Offsets = new long[portions * planes], Lengths = new long[portions * planes],
        };
        for (int i = 0; i < portioned.Offsets.Length; i++)
        {
            long first = (long)(i % portions) * rows;
            portioned.Offsets[i] = Offsets[(i / portions * EachPlane) + (int)(first / Height)] + (first % Height * row);
            portioned.Lengths[i] = portioned.Rows(i % portions, layout) * row;
        }

        return portioned;
    }

    private double Held(TiffLayout layout, int planes, string source)
    {
        double longest = Lengths.Max(), pixels = (double)Width * Height, decoded = (double)layout.RowBytes(Width) * (Tiled ? Height : 1);
        double rgb = (double)layout.Width * layout.UsedSamples * (Tiled ? Height : 1); // of tiles one row of them is kept
        if (Math.Max(longest, Math.Max(decoded, rgb)) > Array.MaxLength / 2 || (layout.IsJpeg && Math.Max(Width, Height) > MostRows))
        {
            throw new ImageDecodeException(source, $"its {(Tiled ? "tiles" : "strips")} of {Width} x {Height} pixels are too large to be decoded one by one; "
                + "save it with smaller ones.");
        }

        // A progressive strip keeps the coefficients of all its pixels, 16 bits each.
        double coefficients = layout.IsJpeg ? pixels * layout.StoredSamples * sizeof(short) : 0;
        return (planes * (longest + (2 * decoded) + coefficients + Overhead)) + (2 * rgb);
    }
}
