namespace MfpClip.Output.Zoom;

/// <summary>
/// Cuts an image that comes by rows into square tiles, at its own size and at each half of it, until one tile shows the whole. One row of tiles of
/// each level is held at a time. Not safe for concurrent callers.
/// </summary>
internal sealed class ImagePyramid
{
    private readonly List<Level> _levels = [];
    private readonly int _channels;
    private readonly bool _highest;
    private readonly Action<PyramidTile> _take;
    private readonly CancellationToken _cancellationToken;

    /// <param name="width">Width of the image.</param>
    /// <param name="height">Its height.</param>
    /// <param name="channels">Bytes a pixel.</param>
    /// <param name="side">Side of a tile.</param>
    /// <param name="highest">Whether a pixel of the next level is the highest of four rather than their mean.</param>
    /// <param name="take">Takes each tile; called by several threads at once.</param>
    /// <param name="cancellationToken">Checked before each row of tiles is taken.</param>
    public ImagePyramid(int width, int height, int channels, int side, bool highest, Action<PyramidTile> take, CancellationToken cancellationToken)
    {
        (_channels, _highest, _take, _cancellationToken) = (channels, highest, take, cancellationToken);
        for (bool more = true; more; (width, height) = ((width + 1) / 2, (height + 1) / 2))
        {
            _levels.Add(new(width, height, channels, side));
            more = Math.Max(width, height) > side;
        }
    }

    /// <summary>Width and height of each level, the image itself first.</summary>
    public IReadOnlyList<(int Width, int Height)> Levels => [.. _levels.Select(l => (l.Width, l.Height))];

    /// <summary>Takes the next row of the image.</summary>
    public void Add(ReadOnlySpan<byte> row) => Add(0, row);

    private void Add(int at, ReadOnlySpan<byte> row)
    {
        var level = _levels[at];
        int inBand = level.Rows % level.Side;
        row.CopyTo(level.Band.AsSpan(inBand * level.Stride, level.Stride));
        level.Rows++;
        bool last = level.Rows == level.Height;
        if (at + 1 < _levels.Count && (level.Rows % 2 == 0 || last))
        {
            // A tile has an even number of rows, so that both rows lie in one band.
            int upper = level.Rows % 2 == 0 ? inBand - 1 : inBand;
            Halve(level.Band.AsSpan(upper * level.Stride, level.Stride), row, level.Half);
            Add(at + 1, level.Half.AsSpan(0, _levels[at + 1].Stride));
        }

        if (inBand + 1 == level.Side || last)
        {
            _cancellationToken.ThrowIfCancellationRequested();
            Cut(at, level, (level.Rows - 1) / level.Side, inBand + 1);
        }
    }

    private ParallelOptions Limited => new() { MaxDegreeOfParallelism = ThreadLimit.Count, CancellationToken = _cancellationToken };

    private void Cut(int at, Level level, int row, int height) =>
        Parallel.For(0, (level.Width + level.Side - 1) / level.Side, Limited, column =>
        {
            int left = column * level.Side, width = Math.Min(level.Side, level.Width - left), stride = width * _channels;
            byte[] pixels = new byte[stride * height];
            for (int y = 0; y < height; y++)
            {
                level.Band.AsSpan((y * level.Stride) + (left * _channels), stride).CopyTo(pixels.AsSpan(y * stride));
            }

            _take(new(at, column, row, width, height, pixels));
        });

    // An odd column at the right edge, as an odd row at the bottom, stands for itself alone.
    private void Halve(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, Span<byte> half)
    {
        int width = a.Length / _channels, to = 0;
        for (int x = 0; x < width; x += 2)
        {
            int left = x * _channels, right = Math.Min(x + 1, width - 1) * _channels;
            for (int c = 0; c < _channels; c++)
            {
                half[to++] = _highest ? Math.Max(Math.Max(a[left + c], a[right + c]), Math.Max(b[left + c], b[right + c]))
                    : (byte)((a[left + c] + a[right + c] + b[left + c] + b[right + c] + 2) >> 2);
            }
        }
    }

    private sealed class Level(int width, int height, int channels, int side)
    {
        public int Width { get; } = width;

        public int Height { get; } = height;

        public int Side { get; } = side;

        public int Stride { get; } = width * channels;

        /// <summary>Rows that it has taken.</summary>
        public int Rows { get; set; }

        /// <summary>The row of tiles that is being filled.</summary>
        public byte[] Band { get; } = new byte[(long)Math.Min(side, height) * width * channels];

        /// <summary>A row of the next level.</summary>
        public byte[] Half { get; } = new byte[(width + 1) / 2 * channels];
    }
}

/// <summary>A tile of a pyramid.</summary>
/// <param name="Level">0: at the image's own size; each further one has half the width and height.</param>
/// <param name="Column">From the left.</param>
/// <param name="Row">From the top.</param>
/// <param name="Width">Pixels a row; fewer at the right edge.</param>
/// <param name="Height">Rows; fewer at the bottom.</param>
/// <param name="Pixels">Row by row.</param>
internal readonly record struct PyramidTile(int Level, int Column, int Row, int Width, int Height, byte[] Pixels);
