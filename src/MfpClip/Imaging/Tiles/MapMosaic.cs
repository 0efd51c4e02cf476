using MfpClip.Parallelism;

namespace MfpClip.Imaging.Tiles;

/// <summary>The map of an image, put together from those of its tiles. Not safe for concurrent callers.</summary>
internal sealed class MapMosaic
{
    private readonly TileLayout _layout;
    private readonly float[] _values;
    private readonly IReadOnlyList<(int First, float[] Weights)> _across, _down;

    /// <param name="layout">The tiles.</param>
    /// <param name="columns">Columns of a tile's map.</param>
    /// <param name="rows">Rows of a tile's map.</param>
    /// <param name="most">Values at most.</param>
    public MapMosaic(TileLayout layout, int columns, int rows, int most)
    {
        _layout = layout;
        double w = layout.Across.Seen(0).Length / columns, h = layout.Down.Seen(0).Length / rows;
        // As fine as the tiles' maps, never finer than the image.
        double pitch = Math.Max(Math.Max(Math.Min(w, h), 1), Math.Sqrt((double)layout.Width * layout.Height / most));
        (Width, Height) = (Math.Max((int)(layout.Width / pitch), 1), Math.Max((int)(layout.Height / pitch), 1));
        _values = new float[Width * Height];
        (_across, _down) = (layout.Across.Weights(Width), layout.Down.Weights(Height));
    }

    public int Width { get; }

    public int Height { get; }

    /// <summary>Adds the map of a tile, by its weight in each place.</summary>
    /// <param name="column">Column of the tile in the layout.</param>
    /// <param name="row">Row of the tile in the layout.</param>
    /// <param name="map">Stretched over what the model sees of the tile.</param>
    public void Add(int column, int row, AnomalyMap map)
    {
        var ((left, across), (top, down)) = (_across[column], _down[row]);
        var columns = Places(_layout.Across.Seen(column), (double)_layout.Width / Width, left, across.Length, map.Width);
        var rows = Places(_layout.Down.Seen(row), (double)_layout.Height / Height, top, down.Length, map.Height);
        ParallelRows.Run(down.Length, y =>
        {
            var (upper, lower, v) = rows[y];
            var a = map.Data.AsSpan(upper * map.Width, map.Width);
            var b = map.Data.AsSpan(lower * map.Width, map.Width);
            var target = _values.AsSpan(((top + y) * Width) + left, across.Length);
            for (int x = 0; x < target.Length; x++)
            {
                var (l, r, u) = columns[x];
                float high = a[l] + (u * (a[r] - a[l])), low = b[l] + (u * (b[r] - b[l]));
                target[x] += across[x] * down[y] * (high + (v * (low - high)));
            }
        });
    }

    /// <summary>Joins the map of the whole image.</summary>
    /// <param name="whole">Of any size; what the model did not see of the image is left as the tiles have it.</param>
    /// <param name="covered">The part of the image that it shows.</param>
    /// <param name="join">How.</param>
    public void Join(AnomalyMap whole, CoveredArea covered, WholeImageJoin join)
    {
        double w = (double)_layout.Width / Width, h = (double)_layout.Height / Height;
        var stretched = MapResize.ToImage(whole, Width, Height, new(covered.X / w, covered.Y / h, covered.Width / w, covered.Height / h));
        for (int y = 0; y < Height; y++)
        {
            if ((y + 0.5) * h < covered.Y || (y + 0.5) * h > covered.Y + covered.Height)
            {
                continue;
            }

            for (int x = 0; x < Width; x++)
            {
                if ((x + 0.5) * w >= covered.X && (x + 0.5) * w <= covered.X + covered.Width)
                {
                    int at = (y * Width) + x;
                    _values[at] = join == WholeImageJoin.Maximum ? Math.Max(_values[at], stretched.Data[at]) : (_values[at] + stretched.Data[at]) / 2;
                }
            }
        }
    }

    /// <summary>The map; nothing may be added afterwards.</summary>
    public AnomalyMap ToMap() => new(Width, Height, _values);

    private static (int Low, int High, float Fraction)[] Places((double Start, double Length) seen, double pitch, int first, int count, int cells)
    {
        var places = new (int, int, float)[count];
        for (int i = 0; i < count; i++)
        {
            double at = Math.Clamp(((((first + i + 0.5) * pitch) - seen.Start) / seen.Length * cells) - 0.5, 0, cells - 1);
            int low = Math.Min((int)at, cells - 1);
            places[i] = (low, Math.Min(low + 1, cells - 1), (float)(at - low));
        }

        return places;
    }
}
