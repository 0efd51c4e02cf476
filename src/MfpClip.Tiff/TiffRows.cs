using MfpClip.Imaging;
using MfpClip.Imaging.Rows;

namespace MfpClip.Tiff;

/// <summary>Rows of the first image of a TIFF file, as they are stored: its orientation is not applied.</summary>
internal sealed class TiffRows : IImageRowReader
{
    private readonly TiffBytes _file;
    private readonly TiffLayout _layout;
    private readonly TiffSegments _segments;
    private readonly LibTiffPlane[] _planes;
    private readonly byte[][] _stored;
    private readonly byte[] _samples;
    private int _next;

    private TiffRows(TiffBytes file, TiffLayout layout, TiffSegments segments, string source)
    {
        (_file, _layout, _segments) = (file, layout, segments);
        (Width, Height) = ((int)layout.Width, (int)layout.Height);
        _planes = new LibTiffPlane[layout.Separate ? layout.UsedSamples : 1];
        try
        {
            for (int i = 0; i < _planes.Length; i++)
            {
                _planes[i] = new LibTiffPlane(file, layout, segments, i, source);
            }
        }
        catch
        {
            ClosePlanes();
            throw;
        }

        int rows = segments.Tiled ? segments.Height : 1;
        _stored = [.. _planes.Select(_ => new byte[layout.RowBytes(segments.Width) * rows])];
        _samples = new byte[(long)Width * layout.UsedSamples * rows];
    }

    public int Width { get; }

    public int Height { get; }

    /// <summary>Opens the pixels.</summary>
    /// <param name="file">The file; owned by the reader.</param>
    /// <param name="directory">Its first directory.</param>
    /// <param name="layout">What that says of the pixels.</param>
    /// <param name="source">Name in errors.</param>
    /// <param name="limits">The limits.</param>
    /// <exception cref="ImageDecodeException">The file is damaged or beyond the limits.</exception>
    public static TiffRows Open(TiffBytes file, TiffDirectory directory, TiffLayout layout, string source, RowLimits limits)
    {
        RowChecks.Size(layout.Width, layout.Height, source, limits);
        var segments = TiffSegments.Read(directory, layout, file.Length, source, limits.MaximumMemory);
        string parts = segments.Tiled ? "tiles" : "strips";
        string stored = $"it is stored in {parts} of {segments.Width} x {segments.Height} pixels; save it with smaller {parts}";
        RowChecks.Memory(segments.Memory, stored, source, limits);
        return new TiffRows(file, layout, segments, source);
    }

    public void Read(Span<byte> rows)
    {
        int count = RowRequest.Count(rows.Length, Width, Height - _next);
        int used = _layout.UsedSamples;
        for (int i = 0; i < count; i++, _next++)
        {
            int within = _segments.Tiled ? _next % _segments.Height : 0;
            if (!_segments.Tiled)
            {
                for (int p = 0; p < _planes.Length; p++)
                {
                    _planes[p].ReadRow(_stored[p], _next);
                    TiffSamples.Unpack(_stored[p], _samples, Width, p, _layout);
                }
            }
            else if (within == 0)
            {
                ReadTiles();
            }

            TiffSamples.ToRgb(_samples.AsSpan(within * Width * used, Width * used), rows.Slice(i * Width * 3, Width * 3), _layout);
        }
    }

    public void Dispose()
    {
        ClosePlanes();
        _file.Dispose();
    }

    private void ReadTiles()
    {
        int used = _layout.UsedSamples, row = (int)_layout.RowBytes(_segments.Width), down = Math.Min(_segments.Height, Height - _next);
        for (int x = 0; x < _segments.Across; x++)
        {
            int left = x * _segments.Width, width = Math.Min(_segments.Width, Width - left);
            for (int p = 0; p < _planes.Length; p++)
            {
                _planes[p].ReadTile(_stored[p], (_next / _segments.Height * _segments.Across) + x);
                for (int y = 0; y < down; y++)
                {
                    TiffSamples.Unpack(_stored[p].AsSpan(y * row, row), _samples.AsSpan(((y * Width) + left) * used), width, p, _layout);
                }
            }
        }
    }

    private void ClosePlanes()
    {
        foreach (var plane in _planes)
        {
            plane?.Dispose();
        }
    }
}
