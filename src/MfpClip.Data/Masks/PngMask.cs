using System.Buffers.Binary;
using System.IO.Compression;

namespace MfpClip.Data.Masks;

/// <summary>
/// What each pixel of a PNG says, from its stored samples: a decoder scales 16 bits to 8, drops alpha and loses the indices of a palette, each of which may
/// hold the defect.
/// </summary>
internal sealed class PngMask
{
    /// <summary>Its colour is not black.</summary>
    public const byte Colour = 1;

    /// <summary>It is not fully transparent.</summary>
    public const byte Visible = 2;

    /// <summary>Its index in the palette is not 0.</summary>
    public const byte Index = 4;

    private static readonly (int X, int Y, int StepX, int StepY)[] Interlaced =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    private readonly int _depth, _type;
    private readonly bool _isInterlaced;
    private byte[] _palette = [], _transparency = [];

    private PngMask(ReadOnlySpan<byte> header)
    {
        (Width, Height) = (BinaryPrimitives.ReadInt32BigEndian(header), BinaryPrimitives.ReadInt32BigEndian(header[4..]));
        (_depth, _type, _isInterlaced) = (header[8], header[9], header[12] == 1);
        bool known = (_type, _depth) is (0, 1 or 2 or 4 or 8 or 16) or (3, 1 or 2 or 4 or 8) or (2 or 4 or 6, 8 or 16);
        if (Width < 1 || Height < 1 || !known || header[10] != 0 || header[11] != 0 || header[12] > 1)
        {
            throw new InvalidDataException("its header is damaged");
        }
    }

    /// <summary>Pixels a row, as stored.</summary>
    public int Width { get; }

    /// <summary>Rows, as stored.</summary>
    public int Height { get; }

    /// <summary>Whether pixels have indices.</summary>
    public bool HasPalette => _type == 3;

    /// <summary>For each pixel <see cref="Colour"/>, <see cref="Visible"/> and <see cref="Index"/>.</summary>
    public byte[] Pixels { get; private set; } = [];

    /// <summary>Lowest and highest alpha.</summary>
    public (int Lowest, int Highest) Alpha { get; private set; } = (int.MaxValue, 0);

    public static bool Is(ReadOnlySpan<byte> file) => file.StartsWith((ReadOnlySpan<byte>)[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

    /// <summary>Reads a PNG.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or has more pixels than the limit.</exception>
    public static PngMask Read(ReadOnlySpan<byte> file, long maximumPixels)
    {
        PngMask? png = null;
        using var data = new MemoryStream();
        for (long at = 8; at + 12 <= file.Length;)
        {
            var chunk = file[(int)at..];
            uint length = BinaryPrimitives.ReadUInt32BigEndian(chunk);
            if (length > chunk.Length - 12 || (png is null && !chunk[4..].StartsWith("IHDR"u8)) || (png is null && length < 13))
            {
                throw new InvalidDataException("it is damaged or truncated");
            }

            var body = chunk.Slice(8, (int)length);
            png ??= new(body);
            if (chunk[4..].StartsWith("PLTE"u8))
            {
                png._palette = body.ToArray();
            }
            else if (chunk[4..].StartsWith("tRNS"u8) && png._type == 3)
            {
                png._transparency = body.ToArray();
            }
            else if (chunk[4..].StartsWith("IDAT"u8))
            {
                data.Write(body);
            }

            at += 12L + length;
        }

        if (png is null || (long)png.Width * png.Height > maximumPixels)
        {
            throw new InvalidDataException(png is null ? "it is truncated"
                : $"it declares {png.Width} x {png.Height} pixels, more than the limit of {maximumPixels} (ImageLimits.MaximumPixels)");
        }

        data.Position = 0;
        using var samples = new ZLibStream(data, CompressionMode.Decompress);
        png.Fill(samples);
        return png;
    }

    private void Fill(Stream samples)
    {
        Pixels = new byte[checked(Width * Height)];
        int bits = _depth * (_type switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 });
        int distance = Math.Max(1, bits / 8);
        foreach (var (startX, startY, stepX, stepY) in _isInterlaced ? Interlaced : [(0, 0, 1, 1)])
        {
            int columns = (Width - startX + stepX - 1) / stepX, rows = (Height - startY + stepY - 1) / stepY;
            if (columns <= 0 || rows <= 0)
            {
                continue;
            }

            int length = (int)((((long)columns * bits) + 7) / 8);
            byte[] row = new byte[length + 1], above = new byte[length + 1];
            for (int y = 0; y < rows; y++)
            {
                try
                {
                    samples.ReadExactly(row);
                }
                catch (EndOfStreamException e)
                {
                    throw new InvalidDataException("it is truncated: the file ends before the image does", e);
                }
                catch (IOException e)
                {
                    throw new InvalidDataException("its compressed data are invalid", e); // they ask for a dictionary, for example
                }

                Unfilter(row, above, distance);
                for (int x = 0; x < columns; x++)
                {
                    Pixels[((startY + (y * stepY)) * Width) + startX + (x * stepX)] = Pixel(row.AsSpan(1), x);
                }

                (row, above) = (above, row);
            }
        }
    }

    private byte Pixel(ReadOnlySpan<byte> row, int x)
    {
        int size = _depth / 8;
        switch (_type)
        {
            case 3:
                int index = Small(row, x);
                bool black = (index * 3) + 2 >= _palette.Length || !_palette.AsSpan(index * 3, 3).ContainsAnyExcept((byte)0);
                return Of(!black, index < _transparency.Length ? _transparency[index] : 255, index != 0);
            case 0:
                return Of(_depth < 8 ? Small(row, x) != 0 : row.Slice(x * size, size).ContainsAnyExcept((byte)0), 255, false);
            default:
                int colours = (_type & 2) != 0 ? 3 : 1, channels = colours + (_type >= 4 ? 1 : 0);
                var pixel = row.Slice(x * channels * size, channels * size);
                var alpha = pixel[(colours * size)..];
                return Of(pixel[..(colours * size)].ContainsAnyExcept((byte)0),
                    alpha.IsEmpty ? 255 : size == 1 ? alpha[0] : BinaryPrimitives.ReadUInt16BigEndian(alpha), false);
        }
    }

    private byte Of(bool colour, int alpha, bool index)
    {
        Alpha = (Math.Min(Alpha.Lowest, alpha), Math.Max(Alpha.Highest, alpha));
        return (byte)((colour ? Colour : 0) | (alpha != 0 ? Visible : 0) | (index ? Index : 0));
    }

    private int Small(ReadOnlySpan<byte> row, int x) => (row[x * _depth / 8] >> (8 - _depth - (x * _depth % 8))) & ((1 << _depth) - 1);

    // The first byte of a row is its filter.
    private static void Unfilter(byte[] row, byte[] above, int distance)
    {
        for (int i = 1; i < row.Length; i++)
        {
            int left = i > distance ? row[i - distance] : 0, up = above[i], corner = i > distance ? above[i - distance] : 0;
            row[i] += (byte)(row[0] switch
            {
                0 => 0,
                1 => left,
                2 => up,
                3 => (left + up) / 2,
                4 => Paeth(left, up, corner),
                _ => throw new InvalidDataException("its pixels are damaged"),
            });
        }
    }

    private static int Paeth(int left, int up, int corner)
    {
        int toLeft = Math.Abs(up - corner), toUp = Math.Abs(left - corner), toCorner = Math.Abs(left + up - (2 * corner));
        return toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner;
    }
}
