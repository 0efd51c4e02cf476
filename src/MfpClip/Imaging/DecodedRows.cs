namespace MfpClip.Imaging;

/// <summary>The rows of an image that is decoded already, so that a caller has one way for both.</summary>
/// <param name="image">The image.</param>
internal sealed class DecodedRows(RgbImage image) : IImageRowReader
{
    private int _row;

    public int Width => image.Width;

    public int Height => image.Height;

    public void Read(Span<byte> rows)
    {
        int count = RowRequest.Count(rows.Length, Width, Height - _row);
        image.Pixels.Slice(_row * Width * 3, rows.Length).CopyTo(rows);
        _row += count;
    }

    public void Dispose()
    {
    }
}
