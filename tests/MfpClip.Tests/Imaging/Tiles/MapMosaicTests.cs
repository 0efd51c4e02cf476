using MfpClip.Imaging;
using MfpClip.Imaging.Tiles;

namespace MfpClip.Tests.Imaging.Tiles;

/// <summary>Maps of tiles put together: closed forms.</summary>
public class MapMosaicTests
{
    [Theory]
    [InlineData(1000, 700, 200, 0.25, 0.0, 50, 100_000_000)]
    [InlineData(1000, 700, 200, 0.25, 0.125, 50, 100_000_000)]
    [InlineData(333, 1200, 160, 0.4, 0.0, 20, 2_000)] // coarser than the tiles' maps
    [InlineData(120, 90, 200, 0.25, 0.0, 40, 100_000_000)] // one tile, wider than the image
    public void A_plane_that_tiles_show_parts_of_is_a_plane_again_without_seams(
        int width, int height, int side, double overlap, double crop, int cells, int most)
    {
        var layout = TileReaderTests.Layout(width, height, side, overlap, crop);
        var mosaic = new MapMosaic(layout, cells, cells, most);
        double Plane(double x, double y) => 0.1 + (0.5 * x / width) + (0.3 * y / height);
        for (int row = 0; row < layout.Down.Lefts.Count; row++)
        {
            for (int column = 0; column < layout.Across.Lefts.Count; column++)
            {
                var ((left, w), (top, h)) = (layout.Across.Seen(column), layout.Down.Seen(row));
                mosaic.Add(column, row, new(cells, cells, [.. Enumerable.Range(0, cells * cells)
                    .Select(i => (float)Plane(left + (((i % cells) + 0.5) * w / cells), top + (((i / cells) + 0.5) * h / cells)))]));
            }
        }

        var map = mosaic.ToMap();

        Assert.True((long)map.Width * map.Height <= most);
        double step = layout.Across.Seen(0).Length / cells; // at the edge of a map a bilinear value is that of the outermost cell
        for (int y = 0; y < map.Height; y++)
        {
            for (int x = 0; x < map.Width; x++)
            {
                double expected = Plane((x + 0.5) * width / map.Width, (y + 0.5) * height / map.Height);
                Assert.InRange(map[x, y], expected - (0.8 * step / Math.Min(width, height)), expected + (0.8 * step / Math.Min(width, height)));
            }
        }
    }

    [Theory]
    [InlineData(WholeImageJoin.Maximum, 0.6f, 0.4f)]
    [InlineData(WholeImageJoin.Mean, 0.4f, 0.3f)]
    public void The_whole_image_joins_where_the_model_saw_it(WholeImageJoin join, float inside, float low)
    {
        var layout = TileReaderTests.Layout(100, 100, 50, 0, 0);
        var mosaic = new MapMosaic(layout, 50, 50, 1_000_000);
        for (int t = 0; t < 4; t++)
        {
            float[] values = new float[2500];
            Array.Fill(values, t == 3 ? 0.4f : 0.2f);
            mosaic.Add(t % 2, t / 2, new(50, 50, values));
        }

        mosaic.Join(new(1, 2, [0.6f, 0.2f]), new(0, 0, 100, 80), join);

        var map = mosaic.ToMap();
        Assert.Equal(inside, map[10, 10], 5);
        Assert.Equal(low, map[80, 70], 5); // 0.4 with 0.2
        Assert.Equal(0.4f, map[80, 90], 5); // not covered
    }

    [Fact]
    public void A_map_that_is_stretched_while_it_is_read_has_the_values_and_the_regions_of_the_stretched_one()
    {
        var random = new Random(5);
        var small = new AnomalyMap(17, 11, [.. Enumerable.Range(0, 17 * 11).Select(_ => (float)random.NextDouble())]);
        var whole = MapResize.ToImage(small, 230, 170);
        var region = RegionOfInterest.Rectangle(230, 170, 20, 30, 150, 120);

        var rows = new StretchedMap(small, 230, 170);

        for (int y = 0; y < 170; y++)
        {
            Assert.Equal(whole.Values.Slice(y * 230, 230).ToArray(), rows.Row(y).ToArray());
        }

        Assert.Equal(DefectRegions.Find(whole, 0.6f), DefectRegions.Find(rows, 0.6f));
        Assert.NotEmpty(DefectRegions.Find(rows, 0.6f));
        Assert.Equal(
            DefectRegions.Find(RegionMask.Apply(whole, region), 0.6f), DefectRegions.Find(new StretchedMap(small, 230, 170, region), 0.6f));
    }
}
