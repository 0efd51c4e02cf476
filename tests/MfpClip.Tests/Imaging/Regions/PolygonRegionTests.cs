using MfpClip.Imaging;
using MfpClip.Imaging.Regions;

namespace MfpClip.Tests.Imaging.Regions;

/// <summary>Polygons as masks, against areas that are known.</summary>
public sealed class PolygonRegionTests
{
    [Theory]
    [InlineData(0, 0, 4, 3, 12)]
    [InlineData(2, 1, 3, 4, 12)]
    [InlineData(1.5, 1.5, 1, 1, 1)] // the middle of one pixel lies on the upper left corner, those of the others outside
    [InlineData(1.6, 1.6, 0.8, 0.8, 0)]
    [InlineData(-5, -5, 7, 8, 6)] // two columns, three rows are in the image
    [InlineData(8, 6, 100, 100, 4)]
    [InlineData(-1e9, -1e9, 2e9, 2e9, 80)]
    public void A_rectangle_holds_the_pixels_whose_middle_is_in_it(double x, double y, double width, double height, int pixels) =>
        Assert.Equal(pixels, Count(10, 8, RegionPolygon.Rectangle(x, y, width, height)));

    [Fact]
    public void It_is_where_it_was_drawn()
    {
        bool[] mask = PolygonRegion.ToMask([RegionPolygon.Rectangle(2, 1, 3, 4)], 10, 8, 1, 1);

        Assert.All(Enumerable.Range(0, 80), i => Assert.Equal(i % 10 is >= 2 and < 5 && i / 10 is >= 1 and < 5, mask[i]));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(64)]
    public void A_right_triangle_holds_half_of_its_square_without_the_diagonal(int side) =>
        Assert.Equal(side * (side - 1) / 2, Count(side, side, new RegionPolygon([new(0, 0), new(side, 0), new(0, side)])));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_direction_of_the_corners_does_not_matter(bool reversed)
    {
        RegionPoint[] points = [new(3, 1), new(17.3, 4.2), new(14, 18), new(2.5, 12)];
        RegionPolygon there = new(points), back = new([.. points.Reverse()]);

        Assert.Equal(PolygonRegion.ToMask([there], 20, 20, 1, 1), PolygonRegion.ToMask([reversed ? back : there], 20, 20, 1, 1));
        // Shoelace: 168.7; pixels are counted by their middles.
        Assert.InRange(Count(20, 20, there), 160, 177);
    }

    [Fact]
    public void Where_edges_cross_the_even_odd_rule_counts()
    {
        // A bow tie: two triangles of height 20 and base 40, twice 400.
        Assert.InRange(Count(40, 40, new RegionPolygon([new(0, 0), new(40, 40), new(40, 0), new(0, 40)])), 780, 820);

        // A star of five points: its middle is crossed twice, and outside.
        var star = new RegionPolygon([.. Enumerable.Range(0, 5).Select(i => new RegionPoint(
            50 + (45 * Math.Sin(4 * Math.PI * i / 5)), 50 - (45 * Math.Cos(4 * Math.PI * i / 5))))]);
        bool[] mask = PolygonRegion.ToMask([star], 100, 100, 1, 1);
        Assert.False(mask[(50 * 100) + 50]);
        Assert.True(mask[(15 * 100) + 50]);
    }

    [Fact]
    public void Polygons_are_joined_and_those_that_are_excluded_are_taken_out_whatever_their_order()
    {
        var hole = RegionPolygon.Rectangle(3, 3, 4, 4) with { Excluded = true };

        Assert.Equal(100 - 16, Count(10, 10, RegionPolygon.Rectangle(0, 0, 10, 10), hole));
        Assert.Equal(100 - 16, Count(10, 10, hole, RegionPolygon.Rectangle(0, 0, 6, 10), RegionPolygon.Rectangle(4, 0, 6, 10)));
    }

    [Fact]
    public void Fractions_are_of_the_sides_and_a_region_of_another_size_is_stretched()
    {
        var fractions = Source(new() { Polygons = [RegionPolygon.Rectangle(0.25, 0.5, 0.5, 0.5)], Unit = RegionUnit.Fractions });
        var drawn = Source(new() { Polygons = [RegionPolygon.Rectangle(10, 10, 20, 10)], ImageWidth = 40, ImageHeight = 20 });

        foreach (var (width, height) in new[] { (40, 20), (400, 200), (80, 40) })
        {
            var expected = RegionOfInterest.Rectangle(width, height, width / 4, height / 2, width / 2, height / 2).Inside;
            Assert.Equal(expected, fractions.For("a", width, height, None).Region!.Inside);
            Assert.Equal(expected, drawn.For("a", width, height, None).Region!.Inside);
        }

        Assert.Contains("another aspect ratio", Assert.Throws<RegionOfInterestException>(() => drawn.For("a.png", 40, 30, None)).Message,
            StringComparison.Ordinal);
        Assert.NotNull(drawn.For("a.png", 4040, 2000, None).Region); // 1 %
    }

    [Fact]
    public void A_large_image_has_a_coarser_region_of_its_shape()
    {
        var source = Source(new() { Polygons = [RegionPolygon.Rectangle(0.5, 0, 0.5, 1)], Unit = RegionUnit.Fractions });

        var region = source.For("a", 20_000, 15_000, None).Region!;

        Assert.InRange((long)region.Width * region.Height, 15_900_000, RegionSource.MostPixels);
        Assert.Equal(4.0 / 3, (double)region.Width / region.Height, 3);
        Assert.InRange(region.Inside.Count(i => i) / (double)region.Inside.Count, 0.499, 0.501);
    }

    [Fact]
    public void A_region_without_a_pixel_of_the_image_is_an_error_and_one_that_reaches_beyond_it_is_told()
    {
        var source = Source(RegionOfInterestOptions.FromPolygons(RegionPolygon.Rectangle(100, 100, 50, 50)));

        Assert.Contains("no pixel", Assert.Throws<RegionOfInterestException>(() => source.For("small.png", 80, 60, None)).Message, StringComparison.Ordinal);
        Assert.Contains("beyond the image of 120 x 110", Assert.Single(source.For("a", 120, 110, None).Notices), StringComparison.Ordinal);
        Assert.Empty(source.For("a", 200, 200, None).Notices);
    }

    public static TheoryData<RegionOfInterestOptions, string> Wrong => new()
    {
        { new(), "it says nothing" },
        { new() { File = "a", Foreground = true }, "File and Foreground contradict" },
        { new() { Foreground = true, Margin = -1 }, "margin is -1" },
        { new() { File = "a", Margin = 3 }, "Margin is for Foreground" },
        { new() { File = "a", ImageWidth = 3 }, "are for Polygons" },
        { new() { Polygons = [] }, "there is no polygon" },
        { new() { Polygons = [new([new(0, 0), new(1, 1)])] }, "polygon 1 has 2 points" },
        { new() { Polygons = [RegionPolygon.Rectangle(0, 0, 1, 1) with { Excluded = true }] }, "every polygon is excluded" },
        { new() { Polygons = [RegionPolygon.Rectangle(0, 0, 1, 1), new([new(0, 0), new(1, double.NaN), new(1, 0)])] }, "polygon 2 has the point (1, NaN)" },
        { new() { Polygons = [RegionPolygon.Rectangle(0, 0, double.PositiveInfinity, 1)] }, "1e9 at most" },
        { new() { Polygons = [RegionPolygon.Rectangle(0, 0, 2e9, 1)] }, "1e9 at most" },
        { new() { Polygons = [RegionPolygon.Rectangle(0, 0, 1.1, 1)], Unit = RegionUnit.Fractions }, "fractions are from 0 to 1" },
        { new() { Polygons = [RegionPolygon.Rectangle(0, 0, 1, 1)], ImageWidth = 10 }, "10 x ? pixels" },
        {
            new() { Polygons = [RegionPolygon.Rectangle(0, 0, 1, 1)], ImageWidth = 10, ImageHeight = 10, Unit = RegionUnit.Fractions }, "no effect on fractions"
        },
        { new() { Polygons = [new([.. Enumerable.Repeat(new RegionPoint(1, 1), 100_001)])] }, "more than the limits" },
        { new() { Polygons = [.. Enumerable.Repeat(RegionPolygon.Rectangle(0, 0, 1, 1), 1001)] }, "more than the limits" },
    };

    [Theory]
    [MemberData(nameof(Wrong), DisableDiscoveryEnumeration = true)]
    public void What_is_wrong_is_said(RegionOfInterestOptions options, string fault) =>
        Assert.Contains(options.Faults(), f => f.Contains(fault, StringComparison.Ordinal));

    [Fact]
    public void A_hundred_thousand_corners_are_no_more_than_their_area()
    {
        // A comb between two heights: half of the area, whatever the number of teeth.
        var comb = new RegionPolygon(
            [.. Enumerable.Range(0, 99_998).Select(i => new RegionPoint(i * 1000.0 / 99_998, i % 2 * 1000)), new(1000, 1000), new(0, 1000)]);

        Assert.Empty(RegionOfInterestOptions.FromPolygons(comb).Faults());
        Assert.InRange(Count(1000, 1000, comb) / 1e6, 0.45, 0.55);
    }

    internal static RegionSource Source(RegionOfInterestOptions options)
    {
        Assert.Empty(options.Faults());
        return RegionSource.Load(options, new SkiaImageDecoder(), new());
    }

    internal static RgbImage None() => throw new InvalidOperationException("No pixel is needed.");

    private static int Count(int width, int height, params IReadOnlyList<RegionPolygon> polygons) =>
        PolygonRegion.ToMask(polygons, width, height, 1, 1).Count(i => i);
}
