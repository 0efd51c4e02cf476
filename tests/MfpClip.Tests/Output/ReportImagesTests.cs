using MfpClip.Output;

namespace MfpClip.Tests.Output;

/// <summary>Images of large photos are made smaller for the page, and lose nothing that is to be seen.</summary>
public sealed class ReportImagesTests
{
    [Fact]
    public void Small_photos_stay_as_they_are()
    {
        var (photo, map) = (new RgbImage(200, 2, new byte[200 * 2 * 3]), new AnomalyMap(200, 2, new float[200 * 2]));

        var fitted = ReportImages.Fit(photo, map, [], 200);

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

        var fitted = ReportImages.Fit(new(9, 6, pixels), new(9, 6, values), [new(3, 1, 4, 3, 5, 0.9f, 4, 1)], 3);

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
            var fitted = ReportImages.Fit(new(width, height, new byte[width * height * 3]), new(width, height, values),
                [new(at % width, at / width, 1, 1, 1, 1, at % width, at / width)], side);

            Assert.Equal(side, Math.Max(fitted.Map.Width, fitted.Map.Height));
            var region = fitted.Regions[0];
            Assert.Equal(1, fitted.Map[region.X, region.Y]);
            Assert.Single(fitted.Map.Data, v => v > 0);
        }
    }

    [Fact]
    public void A_map_of_another_size_is_refused() =>
        Assert.Throws<ArgumentException>(() => ReportImages.Fit(new(2000, 2, new byte[12_000]), new(2, 2, new float[4]), [], 200));
}
