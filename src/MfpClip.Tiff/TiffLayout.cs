using MfpClip.Imaging.Rows;

namespace MfpClip.Tiff;

/// <summary>How the first image of a TIFF file is stored, as far as this package reads it.</summary>
internal sealed class TiffLayout
{
    private const int MostSamples = 64, MostTables = 1 << 16;
    private const int White = 0, Black = 1, Rgb = 2, PaletteColor = 3, YCbCr = 6;
    private const int None = 1, Lzw = 5, JpegCompression = 7, AdobeDeflate = 8, Deflate = 32946, PackBits = 32773;

    private TiffLayout(TiffDirectory directory, string source)
    {
        (Width, Height) = (directory.Value(TiffTag.ImageWidth), directory.Value(TiffTag.ImageLength));
        Samples = (int)directory.Value(TiffTag.SamplesPerPixel, 1) is >= 1 and <= MostSamples and var samples ? samples
            : throw RowChecks.Damaged(source, $"it declares {directory.Value(TiffTag.SamplesPerPixel, 1)} samples a pixel");
        long[] bits = Each(directory, TiffTag.BitsPerSample, 1, source), formats = Each(directory, TiffTag.SampleFormat, 1, source);
        long[] extra = directory.Has(TiffTag.ExtraSamples) && directory.Count(TiffTag.ExtraSamples) > 0 ? directory.Values(TiffTag.ExtraSamples, 1) : [0];
        (Bits, Compression) = ((int)bits[0], (int)directory.Value(TiffTag.Compression, None));
        Photometric = (int)directory.Value(TiffTag.Photometric, Black);
        Separate = directory.Value(TiffTag.PlanarConfiguration, 1) == 2 && Samples > 1;
        Predictor = Compression is Lzw or AdobeDeflate or Deflate ? (int)directory.Value(TiffTag.Predictor, 1) : 1;
        FillOrder = (int)directory.Value(TiffTag.FillOrder, 1);
        Orientation = (int)directory.Value(TiffTag.Orientation, 1) is >= 1 and <= 8 and var turned ? turned : 1;
        Premultiplied = extra[0] == 1 && Samples == ColorSamples + 1;
        UpperFirst = Bits == 16 && !directory.LittleEndian;
        Unsupported = Reason(bits, formats);
        if (Unsupported is not null)
        {
            return;
        }

        if (Compression == JpegCompression)
        {
            Tables = directory.Has(TiffTag.JpegTables) ? directory.Raw(TiffTag.JpegTables, MostTables) : [];
            Subsampling = Photometric != YCbCr ? [] : directory.Has(TiffTag.YCbCrSubsampling) ? directory.Values(TiffTag.YCbCrSubsampling, 2) : [2, 2];
        }

        Palette = Photometric == PaletteColor ? Colors(directory.Values(TiffTag.ColorMap, 3 << Bits), Bits) : [];
    }

    public long Width { get; }

    public long Height { get; }

    /// <summary>Samples a pixel, those that are dropped included.</summary>
    public int Samples { get; }

    /// <summary>Bits a sample: 1, 2, 4, 8 or 16.</summary>
    public int Bits { get; }

    public int Compression { get; }

    public int Photometric { get; }

    /// <summary>Whether each sample has strips or tiles of its own.</summary>
    public bool Separate { get; }

    /// <summary>1 none, 2 differences within a row.</summary>
    public int Predictor { get; }

    /// <summary>1 highest bit first, 2 lowest.</summary>
    public int FillOrder { get; }

    /// <summary>1 to 8, as in EXIF.</summary>
    public int Orientation { get; }

    /// <summary>Whether colours are multiplied by alpha, the sample after them.</summary>
    public bool Premultiplied { get; }

    /// <summary>Whether the upper byte of a 16-bit sample comes first.</summary>
    public bool UpperFirst { get; }

    /// <summary>JPEG tables that all strips share.</summary>
    public byte[] Tables { get; } = [];

    /// <summary>How much less chroma there is across and down.</summary>
    public long[] Subsampling { get; } = [];

    /// <summary>RGB of each value of a palette image.</summary>
    public byte[] Palette { get; } = [];

    /// <summary>Why the pixels cannot be read here; <see langword="null"/> where they can.</summary>
    public string? Unsupported { get; }

    public bool IsJpeg => Compression == JpegCompression;

    public bool IsUncompressed => Compression == None;

    public bool IsYCbCr => Photometric == YCbCr;

    public bool IsInverted => Photometric == White;

    public bool IsPalette => Photometric == PaletteColor;

    /// <summary>Samples that make the colour of a pixel.</summary>
    public int ColorSamples => Photometric is Rgb or YCbCr ? 3 : 1;

    /// <summary>Samples that are read: the colour, and alpha where colours are multiplied by it.</summary>
    public int UsedSamples => ColorSamples + (Premultiplied ? 1 : 0);

    /// <summary>Samples a pixel in one strip or tile.</summary>
    public int StoredSamples => Separate ? 1 : Samples;

    /// <summary>Reads the layout.</summary>
    /// <exception cref="ImageDecodeException">The directory is damaged.</exception>
    public static TiffLayout Read(TiffDirectory directory, string source) => new(directory, source);

    /// <summary>Bytes of one row, or of one row of a tile.</summary>
    public long RowBytes(long width) => ((width * StoredSamples * Bits) + 7) / 8;

    private string? Reason(long[] bits, long[] formats)
    {
        if (Array.Exists(formats, f => f == 3))
        {
            return "floating-point samples";
        }

        if (Array.Exists(formats, f => f is not (1 or 4)))
        {
            return "signed or complex samples";
        }

        if (Bits is not (1 or 2 or 4 or 8 or 16) || Array.Exists(bits, b => b != Bits))
        {
            return $"{string.Join(", ", bits.Distinct())} bits a sample";
        }

        if (Compression is not (None or Lzw or JpegCompression or AdobeDeflate or Deflate or PackBits))
        {
            return $"the compression {Compression}";
        }

        if (Photometric is not (White or Black or Rgb or PaletteColor or YCbCr) || Samples < ColorSamples || (Bits == 16 && Photometric == PaletteColor)
            || (Bits < 8 && !Separate && Samples > 1) || (Photometric == YCbCr && (Compression != JpegCompression || Separate)))
        {
            return $"the photometric interpretation {Photometric} with {Samples} samples of {Bits} bits";
        }

        if (Compression == JpegCompression && (Bits != 8 || Photometric == PaletteColor || (!Separate && Samples != ColorSamples)))
        {
            return $"JPEG compression of {Samples} samples of {Bits} bits";
        }

        return Predictor is 1 or 2 && (Predictor == 1 || Bits >= 8) ? null : $"the predictor {Predictor} with {Bits} bits";
    }

    // One value may stand for every sample.
    private long[] Each(TiffDirectory directory, TiffTag tag, long missing, string source) => directory.Count(tag) switch
    {
        0 => directory.Has(tag) ? throw RowChecks.Damaged(source, $"{tag} has no value") : [missing],
        1 => directory.Values(tag, 1),
        var count => directory.Values(tag, (int)Math.Min(count, Samples)),
    };

    // All reds, all greens, all blues, of 16 bits; old programs wrote 8.
    private static byte[] Colors(long[] map, int bits)
    {
        int shift = Array.Exists(map, v => v > 255) ? 8 : 0, count = 1 << bits;
        byte[] colors = new byte[3 * count];
        for (int i = 0; i < colors.Length; i++)
        {
            colors[i] = (byte)(map[(i % 3 * count) + (i / 3)] >> shift);
        }

        return colors;
    }
}
