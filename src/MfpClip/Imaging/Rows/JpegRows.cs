using System.Runtime.InteropServices;
using SkiaSharp;

namespace MfpClip.Imaging.Rows;

/// <summary>Rows of an upright JPEG file, through Skia.</summary>
internal sealed class JpegRows : IImageRowReader
{
    private const long MostScanned = 256L << 20;
    private const int RowsAtOnce = 16; // of a row of blocks with halved chroma
    private readonly string _source;
    private readonly SKCodec _codec;
    private readonly byte[] _rgba;
    private int _next;

    private JpegRows(string source, SKCodec codec)
    {
        (_source, _codec) = (source, codec);
        (Width, Height) = (codec.Info.Width, codec.Info.Height);
        _rgba = new byte[Width * 4 * RowsAtOnce];
    }

    public int Width { get; }

    public int Height { get; }

    /// <param name="file">The file, from its beginning; closed here.</param>
    /// <param name="path">Where it is.</param>
    /// <param name="limits">The limits.</param>
    /// <returns>The reader; <see langword="null"/> where the image must be decoded whole.</returns>
    public static JpegRows? Open(FileStream file, string path, RowLimits limits)
    {
        var frame = JpegFrame.Read(file) ?? throw Header(path);
        RowChecks.Size(frame.Width, frame.Height, path, limits);
        if (frame.KeepsCoefficients)
        {
            RowChecks.Memory(frame.CoefficientBytes, $"a {(frame.Progressive ? "progressive" : "not interleaved")} JPEG keeps the "
                + "coefficients of the whole image; save it as a baseline JPEG", path, limits);
            CheckScans(file, path);
        }

        // Skia reads the file itself: an exception of a managed stream would end the process.
        file.Dispose();
        var codec = SKCodec.Create(path);
        JpegRows? rows = null;
        try
        {
            if (codec is null)
            {
                throw Header(path);
            }

            RowChecks.Size(codec.Info.Width, codec.Info.Height, path, limits);
            if (codec.EncodedOrigin != SKEncodedOrigin.TopLeft)
            {
                return null;
            }

            // No colour space: the stored numbers, as the whole image is decoded.
            var info = new SKImageInfo(codec.Info.Width, codec.Info.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul, null);
            var started = codec.StartScanlineDecode(info);
            rows = started switch
            {
                SKCodecResult.Success => codec.ScanlineOrder == SKCodecScanlineOrder.TopDown ? new JpegRows(path, codec) : null,
                SKCodecResult.Unimplemented => null,
                _ => throw RowChecks.Damaged(path, started == SKCodecResult.IncompleteInput ? "the file ends before the image does" : $"{started}"),
            };
            return rows;
        }
        finally
        {
            if (rows is null)
            {
                codec?.Dispose();
            }
        }
    }

    public void Read(Span<byte> rows)
    {
        int count = RowRequest.Count(rows.Length, Width, Height - _next);
        for (int done = 0; done < count;)
        {
            int now = Math.Min(RowsAtOnce, count - done);
            Decode(now);
            var rgb = rows.Slice(done * Width * 3, now * Width * 3);
            for (int from = 0, to = 0; to < rgb.Length; from += 4, to += 3)
            {
                (rgb[to], rgb[to + 1], rgb[to + 2]) = (_rgba[from], _rgba[from + 1], _rgba[from + 2]);
            }

            done += now;
            _next += now;
        }
    }

    public void Dispose() => _codec.Dispose();

    // A few bytes a scan cost as much as a whole image.
    private static void CheckScans(FileStream file, string path)
    {
        if (file.Length > MostScanned)
        {
            throw new ImageDecodeException(path, $"it comes in several scans and has more than {MostScanned >> 20} MiB. Save it as a baseline JPEG.");
        }

        byte[] whole = new byte[file.Length];
        file.Position = 0;
        file.ReadExactly(whole);
        JpegStructure.Read(whole)?.CheckScans(path);
    }

    private static ImageDecodeException Header(string path) => new(path, "it begins as a JPEG, but its header is damaged or truncated.");

    private void Decode(int count)
    {
        var pinned = GCHandle.Alloc(_rgba, GCHandleType.Pinned);
        try
        {
            // Fewer rows than asked for: the data ended, and Skia fills up the rest.
            if (_codec.GetScanlines(pinned.AddrOfPinnedObject(), count, Width * 4) < count)
            {
                throw RowChecks.Truncated(_source);
            }
        }
        finally
        {
            pinned.Free();
        }
    }
}
