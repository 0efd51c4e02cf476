using MfpClip.Diagnostics;
using MfpClip.Imaging;
using MfpClip.Output;

namespace MfpClip.Tests.Output;

/// <summary>Images of large photos are made smaller for the page, and lose nothing that is to be seen.</summary>
public sealed class ReportImagesTests
{
    [Fact]
    public void Small_photos_stay_as_they_are()
    {
        var (photo, map) = (new RgbImage(960, 2, new byte[960 * 2 * 3]), new AnomalyMap(960, 2, new float[960 * 2]));

        var fitted = ReportImages.Fit(photo, map, []);

        Assert.Same(photo, fitted.Photo);
        Assert.Same(map, fitted.Map);
    }

    [Fact]
    public void A_pixel_becomes_the_mean_of_the_photo_and_the_highest_of_the_map()
    {
        // 1921 x 5 becomes one of three pixels: 641 x 2, the last column of one pixel, the last row of two.
        var pixels = new byte[1921 * 5 * 3];
        var values = new float[1921 * 5];
        for (int y = 0; y < 5; y++)
        {
            for (int x = 0; x < 1921; x++)
            {
                pixels[3 * ((y * 1921) + x)] = (byte)(x % 3 * 30); // 0, 30, 60: mean 30
                pixels[(3 * ((y * 1921) + x)) + 1] = (byte)(y * 10); // rows 0 to 2: 10, rows 3 and 4: 35
                pixels[(3 * ((y * 1921) + x)) + 2] = 200;
            }
        }

        values[(1 * 1921) + 301] = 0.9f; // one pixel: column 100 of row 0
        values[(4 * 1921) + 1920] = 0.7f;

        var fitted = ReportImages.Fit(new(1921, 5, pixels), new(1921, 5, values), [new(300, 1, 4, 3, 5, 0.9f, 301, 1)]);

        Assert.Equal((641, 2), (fitted.Photo.Width, fitted.Photo.Height));
        Assert.Equal([30, 10, 200], fitted.Photo.Data[..3].Select(v => (int)v));
        Assert.Equal([0, 35, 200], fitted.Photo.Data[^3..].Select(v => (int)v));
        Assert.Equal(0.9f, fitted.Map.Data[100]);
        Assert.Equal(0.7f, fitted.Map.Data[(1 * 641) + 640]);
        Assert.Equal(2, fitted.Map.Data.Count(v => v > 0));
        var region = Assert.Single(fitted.Regions); // columns 300 to 303 and rows 1 to 3 touch two of each
        Assert.Equal((100, 0, 2, 2), (region.X, region.Y, region.Width, region.Height));
    }

    [Fact]
    public void A_map_of_another_size_is_refused() =>
        Assert.Throws<ArgumentException>(() => ReportImages.Fit(new(2000, 2, new byte[12_000]), new(2, 2, new float[4]), []));

    [Fact]
    public void No_picture_of_a_report_is_longer_than_960_pixels()
    {
        string path = Path.Combine(Path.GetTempPath(), $"mfpclip-{Guid.NewGuid():N}.html");
        try
        {
            var random = new Random(1);
            var pixels = new byte[2400 * 1300 * 3];
            random.NextBytes(pixels);
            using (var report = new HtmlReport(path, new()
            {
                Method = "m", Stages = [], Device = "cpu", Precision = "Float32", ImageSize = 8, LibraryVersion = "1", WeightsHash = new string('0', 64),
            }))
            {
                report.Add(
                    new()
                    {
                        ImageName = "a", ClassName = "object", Score = 0.5f, ModelMap = new(2, 2, [0, 0, 0, 1]), ImageWidth = 2400, ImageHeight = 1300,
                        PixelThreshold = 0.5f, Timings = new(), Regions = [new(2000, 1000, 300, 200, 9, 1, 2100, 1100)],
                    },
                    new RgbImage(2400, 1300, pixels));
                report.Complete();
            }

            var pictures = File.ReadAllText(path).Split(";base64,").Skip(1)
                .Select(p => new SkiaImageDecoder().Decode(Convert.FromBase64String(p[..p.IndexOf('"', StringComparison.Ordinal)]), "x", new())).ToList();
            Assert.Equal(3, pictures.Count);
            Assert.All(pictures, p => Assert.Equal((800, 434), (p.Width, p.Height)));
        }
        finally
        {
            File.Delete(path);
        }
    }
}
