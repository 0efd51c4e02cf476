using MfpClip.Imaging;
using MfpClip.Imaging.Tiles;

namespace MfpClip.Tests.Imaging.Tiles;

/// <summary>Tiles cut from rows are those that would be cut from the whole image, mirrored beyond its edges.</summary>
public class TileReaderTests
{
    [Theory]
    [InlineData(100, 70, 32, 0.25, 0.0)]
    [InlineData(64, 64, 32, 0, 0.0)]
    [InlineData(97, 31, 48, 0.5, 0.125)] // crops an eighth on each side, and is narrower than a tile
    [InlineData(33, 200, 32, 0.1, 0.1)]
    [InlineData(5, 40, 16, 0.25, 0.0)]
    public void Tiles_hold_the_pixels_of_their_place(int width, int height, int side, double overlap, double crop)
    {
        var image = Picture(width, height);
        var layout = Layout(width, height, side, overlap, crop);
        using var reader = new TileReader(new DecodedRows(image), layout, overview: true);

        var tiles = reader.Read((_, _) => true, default).ToList();

        Assert.Equal(layout.Across.Lefts.Count * layout.Down.Lefts.Count, tiles.Count);
        foreach (var (column, row, pixels) in tiles)
        {
            for (int y = 0; y < layout.Side; y++)
            {
                for (int x = 0; x < layout.Side; x++)
                {
                    int at = ((Mirror(layout.Down.Lefts[row] + y, height) * width) + Mirror(layout.Across.Lefts[column] + x, width)) * 3;
                    Assert.Equal(image.Pixels.Slice(at, 3).ToArray(), pixels.Pixels.Slice(((y * layout.Side) + x) * 3, 3).ToArray());
                }
            }
        }

        Assert.Equal(image.Data, reader.Overview!.Data); // small enough to be kept as it is
    }

    [Fact]
    public void Tiles_that_are_not_wanted_are_not_cut_and_all_rows_are_read()
    {
        var layout = Layout(100, 100, 32, 0, 0);
        var rows = new CountedRows(new DecodedRows(Picture(100, 100)));
        using var reader = new TileReader(rows, layout, overview: false);

        var tiles = reader.Read((column, row) => column == 1 && row == 0, default).ToList();

        Assert.Equal([(1, 0)], tiles.Select(t => (t.Column, t.Row)));
        Assert.Equal(100, rows.Count);
        Assert.Null(reader.Overview);
    }

    [Fact]
    public void An_overview_holds_the_means_of_blocks()
    {
        // 5 x 3 pixels in blocks of 2: the last ones are narrower.
        byte[] grey = [10, 20, 30, 40, 51, 30, 40, 50, 60, 53, 7, 9, 100, 201, 250];
        var overview = new ImageOverview(5, 3, 3);
        for (int y = 0; y < 3; y++)
        {
            overview.Add(grey.AsSpan(y * 5, 5).ToArray().SelectMany(g => new[] { g, (byte)0, (byte)255 }).ToArray());
        }

        var small = overview.ToImage();

        Assert.Equal((3, 2), (small.Width, small.Height));
        byte[] expected = [25, 45, 52, 8, 151, 250]; // 100/4, 180/4, 104/2, 16/2, 301/2 rounded up, 250
        Assert.Equal(expected.SelectMany(g => new[] { g, (byte)0, (byte)255 }), small.Data);
    }

    [Fact]
    public void Reading_stops_when_it_is_cancelled()
    {
        using var source = new CancellationTokenSource();
        using var reader = new TileReader(new DecodedRows(Picture(100, 100)), Layout(100, 100, 16, 0, 0), overview: false);

        Assert.Throws<OperationCanceledException>(() =>
        {
            foreach (var _ in reader.Read((_, _) => true, source.Token))
            {
                source.Cancel();
            }
        });
    }

    internal static TileLayout Layout(int width, int height, int side, double overlap, double crop) => TileLayout.For(
        "a", width, height, new() { TileSize = side, Overlap = overlap }, new(side, 4, new(crop, crop, 1 - (2 * crop), 1 - (2 * crop))));

    private static int Mirror(int at, int length)
    {
        while (at < 0 || at >= length)
        {
            at = at < 0 ? -at : (2 * (length - 1)) - at;
        }

        return at;
    }

    private static RgbImage Picture(int width, int height)
    {
        var bytes = new byte[width * height * 3];
        new Random(width + height).NextBytes(bytes);
        return new(width, height, bytes);
    }

    private sealed class CountedRows(IImageRowReader inner) : IImageRowReader
    {
        public int Count { get; private set; }

        public int Width => inner.Width;

        public int Height => inner.Height;

        public void Read(Span<byte> rows)
        {
            Count += rows.Length / (Width * 3);
            inner.Read(rows);
        }

        public void Dispose() => inner.Dispose();
    }
}
