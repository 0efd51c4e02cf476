namespace MfpClip.Imaging.Tiles;

/// <summary>
/// Cuts an image that comes by rows into its tiles, holding one row of tiles at a time; on the way it makes a small picture of the whole. Pixels beyond the
/// image's edges are mirrored. Not safe for concurrent callers.
/// </summary>
internal sealed class TileReader : IDisposable
{
    /// <summary>Longer side of <see cref="Overview"/> at most.</summary>
    public const int OverviewSide = 4096;

    private readonly IImageRowReader _rows;
    private readonly byte[] _band; // rows _first to _read, from the top
    private readonly ImageOverview? _overview;
    private int _first;
    private int _read;

    /// <param name="rows">Becomes the reader's own.</param>
    /// <param name="layout">Of an image of that size.</param>
    /// <param name="overview">Whether <see cref="Overview"/> is made.</param>
    public TileReader(IImageRowReader rows, TileLayout layout, bool overview)
    {
        (_rows, Layout) = (rows, layout);
        _band = new byte[(long)Math.Min(layout.Side, layout.Height) * layout.Width * 3];
        _overview = overview ? new(layout.Width, layout.Height, OverviewSide) : null;
    }

    public TileLayout Layout { get; }

    /// <summary>The whole image, each pixel the mean of a block; complete once all tiles were read. <see langword="null"/>: not asked for.</summary>
    public RgbImage? Overview => _overview?.ToImage();

    /// <summary>
    /// The tiles row by row: their columns and rows in the layout, and their pixels. All rows are read, also below the last tile that is wanted.
    /// </summary>
    /// <param name="wanted">Whether a tile is needed: (column, row).</param>
    /// <param name="cancellationToken">Checked before each tile.</param>
    public IEnumerable<(int Column, int Row, RgbImage Pixels)> Read(Func<int, int, bool> wanted, CancellationToken cancellationToken)
    {
        for (int row = 0; row < Layout.Down.Lefts.Count; row++)
        {
            MoveTo(Layout.Down.Lefts[row], cancellationToken);
            for (int column = 0; column < Layout.Across.Lefts.Count; column++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (wanted(column, row))
                {
                    yield return (column, row, Cut(Layout.Across.Lefts[column], Layout.Down.Lefts[row]));
                }
            }
        }

        MoveTo(Layout.Height, cancellationToken); // a preprocessor that crops leaves rows below the last tile
    }

    public void Dispose() => _rows.Dispose();

    // Afterwards the band holds the rows of tiles that begin at a row.
    private void MoveTo(int top, CancellationToken cancellationToken)
    {
        int stride = Layout.Width * 3, first = Math.Clamp(top, 0, Layout.Height), end = Math.Min(Math.Max(top, 0) + Layout.Side, Layout.Height);
        // Mirrored rows below the image are those above its last one.
        first = Math.Min(first, Math.Max(Layout.Height - (int)(_band.LongLength / stride), 0));
        if (first > _first)
        {
            int kept = Math.Max(_read - first, 0);
            Buffer.BlockCopy(_band, (first - _first) * stride * (kept > 0 ? 1 : 0), _band, 0, kept * stride);
            for (; _read < first; _read++) // rows that no tile shows
            {
                cancellationToken.ThrowIfCancellationRequested();
                Next(_band.AsSpan(0, stride));
            }

            _first = first;
        }

        for (; _read < end; _read++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Next(_band.AsSpan((_read - _first) * stride, stride));
        }
    }

    private void Next(Span<byte> row)
    {
        _rows.Read(row);
        _overview?.Add(row);
    }

    private RgbImage Cut(int left, int top)
    {
        int side = Layout.Side, stride = Layout.Width * 3;
        var pixels = new byte[side * side * 3];
        for (int y = 0; y < side; y++)
        {
            var source = _band.AsSpan((Mirrored(top + y, Layout.Height) - _first) * stride, stride);
            var target = pixels.AsSpan(y * side * 3, side * 3);
            int from = Math.Max(left, 0), to = Math.Min(left + side, Layout.Width);
            source[(from * 3)..(to * 3)].CopyTo(target[((from - left) * 3)..]);
            for (int x = 0; x < side; x++)
            {
                if (left + x < from)
                {
                    source.Slice(Mirrored(left + x, Layout.Width) * 3, 3).CopyTo(target[(x * 3)..]);
                }
                else
                {
                    x = Math.Max(x, to - left); // what lies inside is copied
                    if (x < side)
                    {
                        source.Slice(Mirrored(left + x, Layout.Width) * 3, 3).CopyTo(target[(x * 3)..]);
                    }
                }
            }
        }

        return new(side, side, pixels);
    }

    // About the edge pixels, which are not repeated: 2 1 0 1 2 ...
    private static int Mirrored(int at, int length)
    {
        if (length == 1)
        {
            return 0;
        }

        int period = 2 * (length - 1);
        at = ((at % period) + period) % period;
        return Math.Min(at, period - at);
    }
}
