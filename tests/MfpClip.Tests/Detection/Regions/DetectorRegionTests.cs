using MfpClip.Calibration;
using MfpClip.Detection.Composing;
using MfpClip.Imaging;
using MfpClip.Imaging.Regions;
using MfpClip.Output;
using MfpClip.Tests.Detection.Tiling;
using Microsoft.Extensions.Logging.Abstractions;

namespace MfpClip.Tests.Detection.Regions;

/// <summary>Detectors that look at a part of every image.</summary>
public sealed class DetectorRegionTests : IDisposable
{
    private static readonly RegionOfInterestOptions Left = new()
    {
        Polygons = [RegionPolygon.Rectangle(0, 0, 0.5, 1)], Unit = RegionUnit.Fractions,
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_map_is_0_outside_and_the_result_is_that_of_a_call_with_the_region()
    {
        using var everywhere = ZeroShotDetectorTests.Builder().Build();
        using var detector = ZeroShotDetectorTests.Builder().WithRegionOfInterest(Left).Build();
        var image = ZeroShotDetectorTests.Picture(1);
        var region = RegionOfInterest.Rectangle(90, 60, 0, 0, 45, 60);

        var result = detector.Detect(image, new() { PixelThreshold = 0.4f });
        var called = everywhere.Detect(image, new() { PixelThreshold = 0.4f, RegionOfInterest = region });

        Assert.All(Enumerable.Range(0, 90 * 60).Where(i => i % 90 >= 45), i => Assert.Equal(0, result.ImageMap!.Data[i]));
        Assert.Contains(result.ImageMap!.Data, v => v > 0);
        Assert.Equal(called.ImageMap!.Data, result.ImageMap!.Data);
        Assert.Equal(called.Score, result.Score);
        Assert.Equal(called.Regions, result.Regions);
        Assert.Equal(region.Inside, result.InspectedRegion!.Inside);
        Assert.Null(everywhere.Detect(image).InspectedRegion);
    }

    [Fact]
    public async Task It_holds_for_every_way_in_and_the_region_of_a_call_goes_first()
    {
        using var detector = ZeroShotDetectorTests.Builder().WithRegionOfInterest(Left).Build();
        var image = ZeroShotDetectorTests.Picture(1);
        var right = RegionOfInterest.Rectangle(90, 60, 45, 0, 45, 60);

        float expected = detector.Detect(image).Score;
        var streamed = new List<AnomalyResult>();
        await foreach (var result in detector.DetectAsync(Stream()))
        {
            streamed.Add(result);
        }

        Assert.Equal(expected, Assert.Single(detector.DetectEach([image])).GetResult().Score);
        Assert.Equal(expected, Assert.Single(streamed).Score);
        var called = detector.Detect(image, new() { RegionOfInterest = right });
        Assert.Same(right, called.InspectedRegion);
        Assert.All(Enumerable.Range(0, 90 * 60).Where(i => i % 90 < 45), i => Assert.Equal(0, called.ImageMap!.Data[i]));

        async IAsyncEnumerable<ImageInput> Stream()
        {
            await Task.Yield();
            yield return image;
        }
    }

    [Fact]
    public void An_image_that_a_mask_does_not_fit_fails_alone()
    {
        string mask = Path.Combine(_folder, "mask.png");
        MapFiles.WritePng(mask, White(30, 20));
        using var detector = ZeroShotDetectorTests.Builder().WithRegionOfInterest(RegionOfInterestOptions.FromFile(mask)).Build();

        var outcomes = detector.DetectEach([ZeroShotDetectorTests.Picture(1), ZeroShotDetectorTests.Picture(2, 60, 60), ZeroShotDetectorTests.Picture(3)]);

        Assert.NotNull(outcomes[0].Result);
        Assert.IsType<RegionOfInterestException>(outcomes[1].Error);
        Assert.NotNull(outcomes[2].Result);
    }

    [Fact]
    public void What_is_cut_off_by_the_preprocessor_is_not_inspected()
    {
        using var detector = ZeroShotDetector.FromPass(new TiledDetectorTests.BrightnessPass(), new()
        {
            Decoder = new SkiaImageDecoder(), Preprocessor = new ResizeAndCenterCrop(32), Limits = new(),
        });

        var result = detector.Detect(White(96, 32));

        Assert.Equal(RegionOfInterest.Rectangle(96, 32, 32, 0, 32, 32).Inside, result.InspectedRegion!.Inside);
        Assert.All(result.InspectedRegion.Inside.Zip(result.ImageMap!.Data), p => Assert.Equal(p.First ? 1 : 0, p.Second, 3));
    }

    [Fact]
    public void Tiles_outside_are_not_computed_in_images_that_are_decoded_and_by_rows()
    {
        var polygons = new RegionOfInterestOptions { Polygons = [RegionPolygon.Rectangle(90, 90, 40, 40)] };
        var image = Spot(320, 320, 100, 100, 8, 200);
        foreach (bool rows in new[] { false, true })
        {
            var pass = new TiledDetectorTests.BrightnessPass();
            using var detector = Tiled(pass, polygons, rows ? new Rows(image) : null);

            var result = detector.Detect(rows ? ImageInput.FromFile(File("a.rows")) : image);

            Assert.Equal(9, pass.Images); // 90 to 130: three tiles each way
            Assert.Equal(91, result.Tiles!.Skipped);
            Assert.Single(result.Regions);
            Assert.Equal(200 / 255f, result.Score, 3);
            Assert.Equal((320, 320), (result.InspectedRegion!.Width, result.InspectedRegion.Height));
        }
    }

    [Fact]
    public void The_foreground_of_an_image_by_rows_is_that_of_the_decoded_one_and_bounds_its_tiles()
    {
        var image = Spot(640, 400, 200, 150, 100, 200);
        var pass = new TiledDetectorTests.BrightnessPass();
        using var whole = Tiled(pass, RegionOfInterestOptions.OfForeground(margin: 3), null);
        using var rows = Tiled(new TiledDetectorTests.BrightnessPass(), RegionOfInterestOptions.OfForeground(margin: 3), new Rows(image));

        var (a, b) = (whole.Detect(image), rows.Detect(ImageInput.FromFile(File("a.rows"))));

        Assert.Equal(RegionOfInterest.Rectangle(640, 400, 197, 147, 106, 106).Inside, a.InspectedRegion!.Inside);
        Assert.Equal(a.InspectedRegion.Inside, b.InspectedRegion!.Inside);
        Assert.Equal(a.ImageMap!.Data, b.ImageMap!.Data);
        Assert.Equal((20, 13, (20 * 13) - pass.Images), (a.Tiles!.Columns, a.Tiles.Rows, a.Tiles.Skipped));
        Assert.Equal(4 * 5, pass.Images); // 197 to 303 of tiles at 192, 224, 256 and 288; 147 to 253 of those at 122.7, 153.3, 184, 214.7 and 245.3
    }

    [Fact]
    public void Without_a_foreground_every_tile_is_computed_and_the_result_says_so()
    {
        using var detector = Tiled(new TiledDetectorTests.BrightnessPass(), RegionOfInterestOptions.OfForeground(), null);

        var result = detector.Detect(Spot(640, 400, 0, 0, 0, 0));

        Assert.Equal(0, result.Tiles!.Skipped);
        Assert.Null(result.InspectedRegion);
        Assert.Contains(result.Notices, n => n.Contains("No foreground", StringComparison.Ordinal));
    }

    [Fact]
    public void A_calibration_of_one_region_is_refused_for_another()
    {
        string copy = Path.Combine(_folder, "copy.json");
        System.IO.File.WriteAllText(copy, """{ "unit": "fractions", "polygons": [ [[0, 0], [0.5, 0], [0.5, 1], [0, 1]] ] }""");
        ScoreCalibration calibration, everywhere;
        using (var detector = ZeroShotDetectorTests.Builder().WithRegionOfInterest(Left).Build())
        {
            calibration = Calibrate(detector);
        }

        using (var detector = ZeroShotDetectorTests.Builder().Build())
        {
            everywhere = Calibrate(detector);
        }

        // The same region, whatever holds it.
        using var same = ZeroShotDetectorTests.Builder().WithRegionOfInterest(RegionOfInterestOptions.FromFile(copy)).WithCalibration(calibration).Build();
        Assert.NotNull(same.Detect(ZeroShotDetectorTests.Picture(1)).IsAnomalous);
        Assert.Throws<CalibrationException>(
            () => same.Detect(ZeroShotDetectorTests.Picture(1), new() { RegionOfInterest = RegionOfInterest.Rectangle(90, 60, 0, 0, 45, 60) }));

        Refused(() => ZeroShotDetectorTests.Builder().WithCalibration(calibration).Build());
        Refused(() => ZeroShotDetectorTests.Builder().WithRegionOfInterest(RegionOfInterestOptions.OfForeground()).WithCalibration(calibration).Build());
        Refused(() => ZeroShotDetectorTests.Builder().WithRegionOfInterest(Left with { Polygons = [RegionPolygon.Rectangle(0, 0, 0.6, 1)] })
            .WithCalibration(calibration).Build());
        Refused(() => ZeroShotDetectorTests.Builder().WithRegionOfInterest(Left).WithCalibration(everywhere).Build());

        static void Refused(Func<ZeroShotDetector> build) => Assert.Contains(
            Assert.Throws<CalibrationException>(build).Differences, d => d.Name.StartsWith("detector_region", StringComparison.Ordinal));

        static ScoreCalibration Calibrate(ZeroShotDetector detector) => ScoreCalibrator.FromNormalImages(
            detector, [ZeroShotDetectorTests.Picture(11), ZeroShotDetectorTests.Picture(12), ZeroShotDetectorTests.Picture(13)]);
    }

    [Fact]
    public void A_recipe_brings_it_back_and_the_composition_knows_it_by_its_content()
    {
        string mask = Path.Combine(_folder, "mask.png"), moved = Path.Combine(_folder, "moved.png"), recipe = Path.Combine(_folder, "recipe.json");
        MapFiles.WritePng(mask, White(30, 20));
        System.IO.File.Copy(mask, moved);
        RegionOfInterestOptions[] all =
        [
            RegionOfInterestOptions.FromFile(mask), RegionOfInterestOptions.OfForeground(5), Left,
            new()
            {
                Polygons = [RegionPolygon.Rectangle(1, 2, 30, 40), RegionPolygon.Rectangle(3, 4, 5, 6) with { Excluded = true }],
                ImageWidth = 90, ImageHeight = 60,
            },
        ];
        var hashes = new HashSet<string>(StringComparer.Ordinal);
        foreach (var region in all)
        {
            using var first = ZeroShotDetectorTests.Builder().WithRegionOfInterest(region).Build();
            first.Recipe.Save(recipe);
            using var second = ZeroShotDetectorBuilder.From(DetectorRecipe.Load(recipe)).Build();

            Assert.Equal(first.Recipe.ToJson(), second.Recipe.ToJson());
            Assert.Equal(first.Description.CompositionHash, second.Description.CompositionHash);
            Assert.True(hashes.Add(first.Description.CompositionHash));
            Assert.Equal(first.Detect(ZeroShotDetectorTests.Picture(1)).Score, second.Detect(ZeroShotDetectorTests.Picture(1)).Score);
        }

        using var other = ZeroShotDetectorTests.Builder().WithRegionOfInterest(RegionOfInterestOptions.FromFile(moved)).Build();
        using var none = ZeroShotDetectorTests.Builder().WithRegionOfInterest(Left).WithoutRegionOfInterest().Build();
        Assert.Contains(other.Description.CompositionHash, hashes);
        Assert.DoesNotContain(none.Description.CompositionHash, hashes);
        Assert.Null(none.Recipe.RegionOfInterest);
        Assert.DoesNotContain("region_of_interest", none.Recipe.ToJson(), StringComparison.Ordinal);
        Assert.Contains(other.Description.Stages, s => s is { Stage: "region of interest", Component: "mask image of 30 x 20 pixels" });
    }

    [Theory]
    [InlineData("""{ "region_of_interest": "foreground" }""", true)]
    [InlineData("""{ "region_of_interest": "mask.png" }""", false)]
    [InlineData("""{ "region_of_interest": { "foreground": true, "margin": 3 } }""", true)]
    public void In_json_a_text_is_a_file_or_the_foreground(string json, bool foreground)
    {
        var region = DetectorRecipe.Parse(json).RegionOfInterest!;

        Assert.Equal((foreground, foreground ? null : "mask.png"), (region.Foreground, region.File));
        Assert.Equal(json.Contains("margin", StringComparison.Ordinal) ? 3 : 0, region.Margin);
    }

    [Fact]
    public void Every_fault_is_listed_when_it_is_built()
    {
        var region = new RegionOfInterestOptions { File = Path.Combine(_folder, "absent.png"), Margin = 5 };

        var faults = Assert.Throws<DetectorConfigurationException>(
            () => ZeroShotDetectorTests.Builder().WithRegionOfInterest(region).WithBatchSize(0).Build()).Faults;

        Assert.Contains(faults, f => f.Contains("absent.png", StringComparison.Ordinal));
        Assert.Contains(faults, f => f.Contains("Margin is for Foreground", StringComparison.Ordinal));
        Assert.Contains(faults, f => f.Contains("batch size", StringComparison.Ordinal));
    }

    [Fact]
    public void An_overlay_shows_its_outline_in_a_colour_of_no_map()
    {
        var map = new AnomalyMap(40, 30, new float[1200]);
        var region = RegionOfInterest.Rectangle(80, 60, 20, 20, 40, 20); // twice as fine

        var overlay = MapImages.Overlay(White(40, 30), map, options: new() { Outline = region });

        bool Line(int x, int y) => overlay.Pixels.Slice(((y * 40) + x) * 3, 3).SequenceEqual((ReadOnlySpan<byte>)[255, 0, 255]);
        Assert.All(Enumerable.Range(0, 1200), i => Assert.Equal(
            i % 40 is >= 10 and < 30 && i / 40 is >= 10 and < 20 && (i % 40 is 10 or 29 || i / 40 is 10 or 19), Line(i % 40, i / 40)));
    }

    private static ZeroShotDetector Tiled(TiledDetectorTests.BrightnessPass pass, RegionOfInterestOptions region, IImageDecoder? decoder) => new(pass, new()
    {
        Input = new() { Decoder = decoder ?? new SkiaImageDecoder(), Preprocessor = new SquareResize(32), Limits = new() }, BatchSize = 2,
        Logger = NullLogger.Instance, Tiling = new() { TileSize = 32, Overlap = 0, MaximumImageBytes = decoder is null ? 1L << 30 : 1 },
        Region = RegionSource.Load(region, new SkiaImageDecoder(), new()),
    });

    private string File(string name)
    {
        string path = Path.Combine(_folder, name);
        System.IO.File.WriteAllBytes(path, [1]);
        return path;
    }

    private static RgbImage White(int width, int height)
    {
        var pixels = new byte[width * height * 3];
        Array.Fill(pixels, (byte)255);
        return new(width, height, pixels);
    }

    private static RgbImage Spot(int width, int height, int x, int y, int side, byte value)
    {
        var pixels = new byte[width * height * 3];
        for (int i = 0; i < width * height; i++)
        {
            pixels.AsSpan(3 * i, 3).Fill(i % width >= x && i % width < x + side && i / width >= y && i / width < y + side ? value : (byte)30);
        }

        return new(width, height, pixels);
    }

    /// <summary>Gives an image by rows, whatever the file holds.</summary>
    private sealed class Rows(RgbImage image) : IImageRowDecoder
    {
        public string Name => "rows";

        public RgbImage Decode(ReadOnlyMemory<byte> encoded, string source, ImageLimits limits) => throw new InvalidOperationException("It is read by rows.");

        public IImageRowReader OpenRows(string path, RowLimits limits) => new DecodedRows(image);
    }
}
