using MfpClip.Imaging;
using MfpClip.Output;

namespace MfpClip.Tests.Output;

/// <summary>Images of large photos are made smaller for the page, and lose nothing that is to be seen.</summary>
public sealed class ReportImagesTests
{
    [Fact]
    public void Small_photos_stay_as_they_are()
    {
        var (photo, map) = (new RgbImage(200, 2, new byte[200 * 2 * 3]), new AnomalyMap(200, 2, new float[200 * 2]));

        var fitted = ReportImages.Fit(photo, Result(map), 200);

        Assert.Same(photo, fitted.Photo);
        Assert.Same(map, fitted.Map);
    }

    [Fact]
    public void A_pixel_becomes_the_mean_of_the_photo_and_the_highest_of_the_map()
    {
        // 9 x 6 becomes 3 x 2: each pixel stands for three by three.
        var pixels = new byte[9 * 6 * 3];
        var values = new float[9 * 6];
        for (int i = 0; i < 9 * 6; i++)
        {
            pixels[3 * i] = (byte)(i % 9 % 3 * 30); // 0, 30, 60: mean 30
            pixels[(3 * i) + 1] = (byte)(i / 9 * 10); // rows 0 to 2: 10, rows 3 to 5: 40
            pixels[(3 * i) + 2] = 200;
        }

        values[(1 * 9) + 4] = 0.9f; // column 1 of row 0
        values[(5 * 9) + 8] = 0.7f;

        var fitted = ReportImages.Fit(new(9, 6, pixels), Result(new(9, 6, values), new DefectRegion(3, 1, 4, 3, 5, 0.9f, 4, 1)), 3);

        Assert.Equal((3, 2), (fitted.Photo.Width, fitted.Photo.Height));
        Assert.Equal([30, 10, 200], fitted.Photo.Data[..3].Select(v => (int)v));
        Assert.Equal([30, 40, 200], fitted.Photo.Data[^3..].Select(v => (int)v));
        Assert.Equal([0, 0.9f, 0, 0, 0, 0.7f], fitted.Map.Data);
        var region = Assert.Single(fitted.Regions); // columns 3 to 6 and rows 1 to 3 touch two of each
        Assert.Equal((1, 0, 2, 2), (region.X, region.Y, region.Width, region.Height));
    }

    [Theory]
    [InlineData(1921, 5, 200)]
    [InlineData(7, 331, 20)]
    [InlineData(400, 399, 200)]
    public void No_pixel_of_a_map_is_lost_whatever_the_ratio(int width, int height, int side)
    {
        foreach (int at in new[] { 0, width - 1, width * height / 2, (width * height) - 1 })
        {
            var values = new float[width * height];
            values[at] = 1;
            var fitted = ReportImages.Fit(new(width, height, new byte[width * height * 3]),
                Result(new(width, height, values), new DefectRegion(at % width, at / width, 1, 1, 1, 1, at % width, at / width)), side);

            Assert.Equal(side, Math.Max(fitted.Map.Width, fitted.Map.Height));
            var region = fitted.Regions[0];
            Assert.Equal(1, fitted.Map[region.X, region.Y]);
            Assert.Single(fitted.Map.Data, v => v > 0);
        }
    }

    [Fact]
    public void A_photo_of_another_shape_is_refused_and_a_smaller_one_of_the_same_is_not()
    {
        var result = Result(new(2000, 3, new float[6000]));

        Assert.Throws<ArgumentException>(() => ReportImages.Fit(new(2000, 2, new byte[12_000]), result, 200));
        Assert.Throws<ArgumentException>(() => MapImages.Overlay(result, new(4000, 6, new byte[72_000]), null));
        Assert.Throws<ArgumentException>(() => MapImages.Overlay(result, new(300, 3, new byte[2700]), null));
        Assert.Equal(667, MapImages.Overlay(result, new(667, 1, new byte[2001]), null).Width); // blocks of three
    }

    [Fact]
    public void An_overlay_of_a_smaller_picture_shows_the_map_and_the_boxes_there()
    {
        // The map of the image is absent; the model's has a value for every second pixel. The picture has one for every fourth.
        float[] values = new float[20 * 10];
        values[(3 * 20) + 7] = 1; // covers x 14 to 15 and y 6 to 7: pixel (3, 1) of the picture
        var result = Result(new(40, 20, new float[800]), new DefectRegion(14, 6, 2, 2, 4, 1, 14, 6)) with { ImageMap = null, ModelMap = new(20, 10, values) };

        var drawn = MapImages.Overlay(result, new(10, 5, new byte[150]), new() { ColorMap = ColorMap.Grey, Opacity = 1 });
        var plain = MapImages.Overlay(result, new(10, 5, new byte[150]), new() { ColorMap = ColorMap.Grey, Opacity = 1, DrawRegions = false });

        Assert.Equal([(3, 1)], Bright(plain));
        Assert.Equal([(3, 1)], Bright(drawn)); // a box of one pixel
        Assert.Equal(1, MapResize.ToSize(result, 10, 5)[3, 1]);
        Assert.Equal(40, MapResize.ToSize(result, 40, 20).Width);
    }

    private static IEnumerable<(int X, int Y)> Bright(RgbImage image) =>
        from y in Enumerable.Range(0, image.Height) from x in Enumerable.Range(0, image.Width)
        where image.Data[((y * image.Width) + x) * 3] == 255 select (x, y);

    private static AnomalyResult Result(AnomalyMap map, params DefectRegion[] regions) => new()
    {
        ImageName = "a.png", ClassName = "object", Score = 0.5f, ModelMap = new(1, 1, [0]), ImageMap = map, ImageWidth = map.Width, ImageHeight = map.Height,
        PixelThreshold = 0.5f, Regions = regions, Timings = new(),
    };
}
