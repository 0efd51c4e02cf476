using MfpClip.Imaging;
using MfpClip.Imaging.Tiles;

namespace MfpClip.Tests.Imaging.Tiles;

/// <summary>Where tiles lie, and how much each has a say in.</summary>
public class TileLayoutTests
{
    private static readonly TileInput Model = new(320, 16, new(0, 0, 1, 1));

    [Theory]
    [InlineData(1000, 320, 0.25, 4)] // 320 + 3 * 240 = 1040 >= 1000
    [InlineData(1040, 320, 0.25, 4)]
    [InlineData(1041, 320, 0.25, 5)]
    [InlineData(320, 320, 0.25, 1)]
    [InlineData(640, 320, 0, 2)]
    [InlineData(321, 320, 0.5, 2)]
    public void As_few_tiles_as_the_overlap_allows_reach_from_edge_to_edge(int length, int side, double overlap, int count)
    {
        var axis = new TileAxis(length, side, overlap, 0, side);

        Assert.Equal(count, axis.Lefts.Count);
        Assert.Equal((0, length - side), (axis.Lefts[0], axis.Lefts[^1]));
        Assert.All(axis.Lefts.Zip(axis.Lefts.Skip(1)), p => Assert.InRange(p.Second - p.First, 1, Math.Ceiling(side * (1 - overlap))));
    }

    [Theory]
    [InlineData(1000, 320, 0.25, 0, 320, 1000)]
    [InlineData(1000, 320, 0.25, 0, 320, 77)]
    [InlineData(5003, 256, 0.1, 16, 224, 640)] // a preprocessor that crops
    [InlineData(100, 320, 0.25, 0, 320, 100)] // narrower than a tile
    [InlineData(33, 32, 0.5, 0, 32, 5)]
    public void The_weights_of_every_cell_sum_to_one(int length, int side, double overlap, double from, double seen, int cells)
    {
        var axis = new TileAxis(length, side, overlap, from, seen);
        var sums = new double[cells];

        foreach (var (first, weights) in axis.Weights(cells))
        {
            for (int i = 0; i < weights.Length; i++)
            {
                Assert.InRange(weights[i], 0, 1.000001f);
                sums[first + i] += weights[i];
            }
        }

        Assert.All(sums, s => Assert.Equal(1, s, 5));
    }

    [Fact]
    public void What_a_crop_hides_of_a_tile_is_seen_by_another_up_to_the_edges_of_the_image()
    {
        var axis = new TileAxis(1000, 256, 0, 16, 224);

        Assert.Equal(-16, axis.Lefts[0]);
        Assert.Equal(1000 - 224 - 16, axis.Lefts[^1]);
        for (int k = 1; k < axis.Lefts.Count; k++)
        {
            Assert.True(axis.Seen(k).Start <= axis.Seen(k - 1).Start + axis.Seen(k - 1).Length);
        }
    }

    [Theory]
    [InlineData(null, 640)] // shrunk to half
    [InlineData(16.0, 320)] // a patch
    [InlineData(2.0, 160)] // enlarged twice at most
    [InlineData(64.0, 1280)]
    public void A_tile_is_chosen_so_that_the_smallest_defect_takes_a_patch(double? defect, int side) =>
        Assert.Equal(side, TileLayout.For("a", 4000, 3000, new() { SmallestDefect = defect }, Model).Side);

    [Fact]
    public void Millimetres_are_pixels_by_their_scale() =>
        Assert.Equal(320, TileLayout.For("a", 4000, 3000, new() { SmallestDefect = 0.8, MillimetresPerPixel = 0.05 }, Model).Side);

    [Theory]
    [InlineData(700, 700, true)]
    [InlineData(801, 100, false)]
    public void An_image_hardly_larger_than_a_tile_is_read_as_a_whole(int width, int height, bool whole) =>
        Assert.Equal(whole, TileLayout.For("a", width, height, new(), Model).IsWhole);

    [Theory]
    [InlineData(8000, 400, 400)] // no wider than the image
    [InlineData(8000, 40, 160)] // nor enlarged more than twice
    public void Tiles_stay_square_on_a_long_image(int width, int height, int side)
    {
        var layout = TileLayout.For("a", width, height, new(), Model);

        Assert.Equal((side, 1), (layout.Side, layout.Down.Lefts.Count));
    }

    [Fact]
    public void Too_many_tiles_are_an_error_that_says_what_to_set()
    {
        var error = Assert.Throws<ImageDecodeException>(() => TileLayout.For("big.png", 20000, 15000, new() { TileSize = 16 }, Model));

        Assert.Contains("big.png", error.Message, StringComparison.Ordinal);
        Assert.Contains("MaximumTiles", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_fault_of_the_options_is_named()
    {
        var wrong = new TilingOptions
        {
            TileSize = 4, Overlap = 0.9, SmallestDefect = -1, MillimetresPerPixel = double.NaN, WholeImage = (WholeImageJoin)9, MaximumTiles = 0,
        };

        Assert.Equal(7, wrong.Faults().Count());
        Assert.Empty(new TilingOptions().Faults());
        Assert.Single(new TilingOptions { MillimetresPerPixel = 1 }.Faults());
    }
}
