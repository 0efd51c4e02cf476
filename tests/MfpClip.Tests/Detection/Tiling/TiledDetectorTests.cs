using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Pipeline;

namespace MfpClip.Tests.Detection.Tiling;

/// <summary>Detection in tiles with a pass whose map is the brightness of the pixels: what must come out is known.</summary>
public sealed class TiledDetectorTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static ZeroShotDetector Detector(TilingOptions? tiling, IDetectionPass? pass = null, IImageDecoder? decoder = null, int batch = 3, int size = 32) =>
        ZeroShotDetector.FromPass(
            pass ?? new BrightnessPass(), new() { Decoder = decoder ?? new SkiaImageDecoder(), Preprocessor = new SquareResize(size), Limits = new() },
            batch, tiling);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(16)]
    public void A_spot_of_eight_pixels_is_found_at_its_place(int batch)
    {
        using var detector = Detector(new() { TileSize = 32 }, batch: batch);

        var result = detector.Detect(Spot(1000, 700, (613, 455), 8));

        var region = Assert.Single(result.Regions);
        Assert.InRange(region.X, 612, 614);
        Assert.InRange(region.Y, 454, 456);
        Assert.InRange(region.Width, 7, 9);
        Assert.InRange(region.Area, 48, 82);
        Assert.Equal((1000, 700), (result.ImageMap!.Width, result.ImageMap.Height));
        Assert.Equal((42, 29, 32, 0), (result.Tiles!.Columns, result.Tiles.Rows, result.Tiles.Side, result.Tiles.Skipped));
        Assert.Equal(1, result.Score, 3); // of the tile that shows it
        Assert.Empty(result.Notices);
    }

    [Fact]
    public void As_a_whole_it_is_smaller_than_a_pixel_of_the_input_and_the_result_says_so()
    {
        using var detector = Detector(null);

        var result = detector.Detect(Spot(1000, 700, (613, 455), 8));

        Assert.InRange(result.Score, 0, 0.2);
        Assert.Empty(result.Regions);
        Assert.Contains("shrunk 31.3 times", Assert.Single(result.Notices), StringComparison.Ordinal);
        Assert.Null(result.Tiles);
    }

    [Fact]
    public void Several_images_give_what_each_gives_alone_whatever_shares_their_batches()
    {
        using var detector = Detector(new() { TileSize = 32 }, batch: 7);
        ImageInput[] images = [Spot(200, 90, (10, 70), 8), Spot(32, 32, (5, 5), 4), Spot(90, 300, (40, 200), 6), Spot(70, 70, (0, 0), 0)];

        var together = detector.DetectBatch(images);

        Assert.Null(together[1].Tiles); // it fits into one
        Assert.All(images.Zip(together), p =>
        {
            var alone = detector.Detect(p.First);
            Assert.Equal(alone.Score, p.Second.Score);
            Assert.Equal(alone.ImageMap!.Data, p.Second.ImageMap!.Data);
            Assert.Equal(alone.Regions, p.Second.Regions);
        });
    }

    [Fact]
    public void An_image_no_larger_than_a_tile_gives_what_it_gives_without_tiles()
    {
        using var tiled = Detector(new() { TileSize = 64 });
        using var plain = Detector(null);
        var image = Spot(60, 50, (20, 20), 9);

        var (a, b) = (tiled.Detect(image), plain.Detect(image));

        Assert.Equal((b.Score, b.Regions.Count), (a.Score, a.Regions.Count));
        Assert.Equal(b.ImageMap!.Data, a.ImageMap!.Data);
    }

    [Fact]
    public void An_image_that_fails_does_not_end_the_others()
    {
        using var detector = Detector(new() { TileSize = 32 }, new BrightnessPass { FailsAt = 77 }, batch: 4);
        string torn = Path.Combine(_folder, "torn.png");
        File.WriteAllBytes(torn, [1, 2, 3]);

        var outcomes = detector.DetectEach([Spot(200, 90, (10, 70), 8), Filled(150, 150, 77), torn, Spot(90, 200, (40, 100), 6)]);

        Assert.Equal([true, false, false, true], outcomes.Select(o => o.Result is not null));
        Assert.IsType<InvalidOperationException>(outcomes[1].Error);
        Assert.IsType<ImageDecodeException>(outcomes[2].Error);
        Assert.Throws<ImageDecodeException>(() => detector.DetectBatch([torn]));
        Assert.Equal(outcomes[3].Result!.Score, detector.Detect(Spot(90, 200, (40, 100), 6)).Score);
    }

    [Fact]
    public async Task A_stream_gives_the_same_in_order_and_its_own_error_last()
    {
        using var detector = Detector(new() { TileSize = 32 });
        var images = Enumerable.Range(0, 8).Select(i => Spot(100 + (10 * i), 90, (10, 50), 8)).ToList();
        var widths = new List<int>();

        var error = await Assert.ThrowsAsync<IOException>(async () =>
        {
            await foreach (var outcome in detector.DetectEachAsync(Source()))
            {
                widths.Add(outcome.Result!.ImageWidth);
            }
        });

        Assert.Equal("unplugged", error.Message);
        Assert.Equal(images.Select(i => i.Width), widths);

        async IAsyncEnumerable<ImageInput> Source()
        {
            foreach (var image in images)
            {
                await Task.Yield();
                yield return image;
            }

            throw new IOException("unplugged");
        }
    }

    [Fact]
    public void Tiles_outside_the_region_of_interest_are_not_computed()
    {
        var pass = new BrightnessPass();
        using var detector = Detector(new() { TileSize = 32, Overlap = 0 }, pass, batch: 1);
        var image = Spot(320, 320, (100, 100), 8);

        var inside = detector.Detect(image, new() { RegionOfInterest = RegionOfInterest.Rectangle(320, 320, 90, 90, 40, 40) });
        int runs = pass.Images;
        var outside = detector.Detect(image, new() { RegionOfInterest = RegionOfInterest.Rectangle(320, 320, 200, 200, 40, 40) });

        Assert.Equal(9, runs); // 90 to 130: three tiles each way
        Assert.Equal(91, inside.Tiles!.Skipped);
        Assert.Single(inside.Regions);
        Assert.Empty(outside.Regions);
        Assert.Equal(0, outside.ImageMap![104, 104]);
        Assert.Equal(0, outside.Score);
    }

    [Fact]
    public void Progress_counts_the_tiles_and_cancellation_ends_inside_an_image()
    {
        var reports = new List<TileProgress>();
        using var source = new CancellationTokenSource();
        using var detector = Detector(new() { TileSize = 32, WholeImage = WholeImageJoin.Maximum }, batch: 2);

        detector.Detect(Filled(100, 100, 10), new() { Progress = new Direct(reports.Add) });

        Assert.Equal(new TileProgress("pixels", 17, 17), reports[^1]);
        Assert.Equal([2, 4, 6, 8, 10, 12, 14, 16, 17], reports.Select(r => r.Done));
        Assert.Throws<OperationCanceledException>(
            () => detector.Detect(Filled(100, 100, 10), new() { Progress = new Direct(_ => source.Cancel()) }, source.Token));
        Assert.Equal(10 / 255f, detector.Detect(Filled(100, 100, 10)).Score, 4);
    }

    [Theory]
    [InlineData(WholeImageJoin.None, 1.0)]
    [InlineData(WholeImageJoin.Maximum, 1.0)]
    [InlineData(WholeImageJoin.Mean, 0.5)]
    public void The_whole_image_joins_as_it_was_asked_to(WholeImageJoin join, double score)
    {
        using var detector = Detector(new() { TileSize = 32, WholeImage = join });

        var result = detector.Detect(Spot(1000, 700, (613, 455), 8));

        Assert.InRange(result.Score, score - 0.001, score + 0.1);
    }

    [Fact]
    public void A_preprocessor_that_crops_sees_every_pixel_in_some_tile()
    {
        using var detector = ZeroShotDetector.FromPass(
            new BrightnessPass(), new() { Decoder = new SkiaImageDecoder(), Preprocessor = new ResizeAndCenterCrop(28) { Edge = 32 }, Limits = new() }, 5,
            new() { TileSize = 32 });
        foreach (var at in new[] { (0, 0), (192, 92), (100, 0), (0, 50) })
        {
            var region = Assert.Single(detector.Detect(Spot(200, 100, at, 8)).Regions);
            Assert.InRange(region.X, at.Item1 - 1, at.Item1 + 1);
            Assert.InRange(region.Y, at.Item2 - 1, at.Item2 + 1);
            Assert.InRange(region.Area, 40, 90);
        }
    }

    [Fact]
    public void An_image_read_by_rows_gives_what_it_gives_decoded_as_a_whole_without_a_map_of_its_size()
    {
        var image = Spot(700, 500, (613, 455), 8);
        var decoder = new RowsOf(image);
        string file = Path.Combine(_folder, "large.bin");
        File.WriteAllBytes(file, [0]);
        var tiling = new TilingOptions { TileSize = 32, MaximumImageBytes = 1000, MaximumMapPixels = 100_000, WholeImage = WholeImageJoin.Maximum };
        using var detector = Detector(tiling, decoder: decoder);
        using var whole = Detector(tiling with { MaximumImageBytes = long.MaxValue }, decoder: decoder);

        var (rows, pixels) = (detector.Detect(file), whole.Detect(file));

        Assert.Equal((1, 1), (decoder.Opened - 1, decoder.Decoded)); // the other one opens it to see its size
        Assert.Equal(pixels.Score, rows.Score);
        Assert.Equal(pixels.ModelMap.Data, rows.ModelMap.Data);
        Assert.Equal(pixels.Regions, rows.Regions);
        Assert.InRange(Assert.Single(rows.Regions).X, 610, 616);
        Assert.Null(rows.ImageMap);
        Assert.Contains("700 x 500", Assert.Single(rows.Notices), StringComparison.Ordinal);
        Assert.True(rows.ModelMap.Width * rows.ModelMap.Height <= 100_000);
    }

    [Fact]
    public void No_tensor_is_left_and_concurrent_callers_get_the_same()
    {
        using var detector = Detector(new() { TileSize = 32 }, batch: 4);
        var image = Spot(300, 200, (150, 100), 8);
        var expected = detector.Detect(image);
        long before = LiveTensors.Settle();

        var results = new AnomalyResult[8];
        Parallel.For(0, 8, i => results[i] = detector.Detect(image));

        Assert.All(results, r => Assert.Equal(expected.ImageMap!.Data, r.ImageMap!.Data));
        Assert.Equal(before, torch.Tensor.TotalCount);
    }

    internal static RgbImage Spot(int width, int height, (int X, int Y) at, int side)
    {
        var bytes = new byte[width * height * 3];
        for (int y = at.Y; y < at.Y + side; y++)
        {
            bytes.AsSpan(((y * width) + at.X) * 3, side * 3).Fill(255);
        }

        return new(width, height, bytes);
    }

    private static RgbImage Filled(int width, int height, byte value)
    {
        var bytes = new byte[width * height * 3];
        Array.Fill(bytes, value);
        return new(width, height, bytes);
    }

    private sealed class Direct(Action<TileProgress> report) : IProgress<TileProgress>
    {
        public void Report(TileProgress value) => report(value);
    }

    /// <summary>The brightness of each pixel is the map, the highest the score.</summary>
    internal sealed class BrightnessPass : IDetectionPass
    {
        public byte? FailsAt { get; init; }

        public int Images { get; private set; }

        public string Method => "brightness";

        public IReadOnlyList<StageDescription> Stages => [];

        public Device Device => torch.CPU;

        public ScalarType Precision => ScalarType.Float32;

        public (Tensor Map, Tensor Score) Run(ImageBatch images, string className, Tensor? region, ForwardContext context)
        {
            using var scope = torch.NewDisposeScope();
            Images += images.Count;
            var map = images.Pixels(torch.CPU).amax([1L]);
            if (FailsAt is { } grey && map.flatten(1).amax(1).data<float>().ToArray().Any(v => Math.Abs((v * 255) - grey) < 0.5))
            {
                throw new InvalidOperationException("that grey");
            }

            map = region is null ? map : map * region;
            return (map.clone().MoveToOuterDisposeScope(), map.flatten(1).amax(1).MoveToOuterDisposeScope());
        }

        public object? GetService(Type serviceType) => null;

        public void Dispose()
        {
        }
    }

    private sealed class RowsOf(RgbImage image) : IImageRowDecoder
    {
        public int Opened { get; private set; }

        public int Decoded { get; private set; }

        public string Name => "rows";

        public RgbImage Decode(ReadOnlyMemory<byte> encoded, string source, ImageLimits limits)
        {
            Decoded++;
            return image;
        }

        public IImageRowReader? OpenRows(string path, RowLimits limits)
        {
            Opened++;
            return new DecodedRows(image);
        }
    }
}
