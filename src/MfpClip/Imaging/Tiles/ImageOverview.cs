namespace MfpClip.Imaging.Tiles;

/// <summary>A small picture of an image that comes by rows: each pixel is the mean of a square block.</summary>
internal sealed class ImageOverview
{
    private readonly int _width, _height, _block, _columns;
    private readonly long[] _sums;
    private readonly byte[] _pixels;
    private int _row;

    /// <param name="width">Width of the image.</param>
    /// <param name="height">Its height.</param>
    /// <param name="side">Longer side of the result at most.</param>
    public ImageOverview(int width, int height, int side)
    {
        (_width, _height) = (width, height);
        _block = (Math.Max(width, height) + side - 1) / side;
        _columns = (width + _block - 1) / _block;
        (_sums, _pixels) = (new long[_columns * 3], new byte[(long)_columns * ((height + _block - 1) / _block) * 3]);
    }

    public void Add(ReadOnlySpan<byte> row)
    {
        for (int x = 0, at = 0; x < _width; x++, at += 3)
        {
            int cell = x / _block * 3;
            (_sums[cell], _sums[cell + 1], _sums[cell + 2]) = (_sums[cell] + row[at], _sums[cell + 1] + row[at + 1], _sums[cell + 2] + row[at + 2]);
        }

        if (++_row % _block != 0 && _row != _height)
        {
            return;
        }

        int line = (_row - 1) / _block, rows = _row - (line * _block);
        for (int i = 0; i < _sums.Length; i++)
        {
            int columns = Math.Min(_block, _width - (i / 3 * _block));
            _pixels[(line * _sums.Length) + i] = (byte)((_sums[i] + (rows * columns / 2)) / (rows * columns));
        }

        Array.Clear(_sums);
    }

    /// <exception cref="InvalidOperationException">Rows are missing.</exception>
    public RgbImage ToImage() => _row == _height ? new(_columns, _pixels.Length / _columns / 3, _pixels)
        : throw new InvalidOperationException($"{_row} of {_height} rows were read.");
}
