using MfpClip.Backbones.Cnn;
using MfpClip.Backbones.Dino;
using MfpClip.Calibration;
using MfpClip.Imaging;
using MfpClip.Output;
using MfpClip.References;

namespace MfpClip.Tests.Detection.Tiling;

/// <summary>Every method in tiles: an image of two tiles side by side gives what both give alone.</summary>
public sealed class TiledMethodTests : IDisposable
{
    private static readonly DinoConfig Dino = new() { Width = 64, Layers = 2, Heads = 1, PatchSize = 14, ImageSize = 56 };

    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static ZeroShotDetectorBuilder Of(string method) => method switch
    {
        "anomaly-dino" => new ZeroShotDetectorBuilder().UseRandomDinoBackbone(Dino, 1).UseAnomalyDino(new() { ShorterSide = 56, Rotations = [0, 90] }),
        "subspace-ad" => new ZeroShotDetectorBuilder().UseRandomDinoBackbone(Dino, 1).UseSubspaceAd(
            new() { ImageSize = 56, RotatedCopies = 1, LayersFromLast = [1, 2] }),
        "patchcore" => new ZeroShotDetectorBuilder().UseCnn(new ResNetOptions { Architecture = ResNetArchitecture.ResNet18, RandomSeed = 1 }).UsePatchCore(
            new() { StageWidth = 32, Width = 32, CoresetFraction = 1 }).UsePreprocessor(new SquareResize(56)),
        "mfp-clip" => ZeroShotDetectorTests.Builder(),
        _ => new ZeroShotDetectorBuilder().UseRandomBackbone(ZeroShotDetectorTests.Config, 3).UseMethod(method, 1).WithImageSize(56),
    };

    // Two images of 56 pixels, and both side by side.
    private static (RgbImage Left, RgbImage Right, RgbImage Both) Pictures(int seed)
    {
        var (left, right) = (ZeroShotDetectorTests.Picture(seed, 56, 56), ZeroShotDetectorTests.Picture(seed + 1, 56, 56));
        var both = new byte[112 * 56 * 3];
        for (int y = 0; y < 56; y++)
        {
            left.Pixels.Slice(y * 168, 168).CopyTo(both.AsSpan(y * 336));
            right.Pixels.Slice(y * 168, 168).CopyTo(both.AsSpan((y * 336) + 168));
        }

        return (left, right, new(112, 56, both));
    }

    private static readonly TilingOptions Two = new() { TileSize = 56, Overlap = 0 };

    [Theory]
    [InlineData("mfp-clip")]
    [InlineData("winclip")]
    [InlineData("april-gan")]
    [InlineData("anomalyclip")]
    [InlineData("adaclip")]
    [InlineData("anomaly-dino")]
    [InlineData("subspace-ad")]
    [InlineData("patchcore")]
    public void Two_tiles_give_the_maps_of_both_and_the_higher_score(string method)
    {
        var (left, right, both) = Pictures(1);
        using var plain = WithReferences(Of(method).Build());
        using var tiled = WithReferences(Of(method).WithTiling(Two).WithBatchSize(3).Build());

        var (a, b, result) = (plain.Detect(left), plain.Detect(right), tiled.Detect(both));

        Assert.Equal((2, 1), (result.Tiles!.Columns, result.Tiles.Rows));
        Assert.Equal(Math.Max(a.Score, b.Score), result.Score, 4);
        var map = result.ImageMap!;
        // Between the middles of the outermost cells of a coarse map nothing of the neighbour is mixed in.
        int margin = map.Width / Math.Max(result.ModelMap.Width, 1) + 1;
        for (int y = 0; y < 56; y++)
        {
            for (int x = margin; x < 56 - margin; x++)
            {
                Assert.Equal(a.ImageMap![x, y], map[x, y], 0.001);
                Assert.Equal(b.ImageMap![x, y], map[56 + x, y], 0.001);
            }
        }
    }

    [Theory]
    [InlineData("mfp-clip")]
    [InlineData("winclip")]
    [InlineData("anomaly-dino")]
    [InlineData("subspace-ad")]
    [InlineData("patchcore")]
    public void A_reference_in_tiles_is_one_image_with_the_tokens_of_all_tiles(string method)
    {
        string file = Path.Combine(_folder, "r.safetensors");
        using var plain = Of(method).Build();
        using var alone = Of(method).WithTiling(Two).Build();
        var ((l1, r1, b1), (l2, r2, b2), (_, _, b3)) = (Pictures(10), Pictures(20), Pictures(30));
        using var parts = plain.WithReferences([l1, r1, l2, r2]);
        using var tiled = alone.WithReferences([ImageInput.FromPixels(b1, "one"), ImageInput.FromPixels(b2, "two")]);
        using var more = tiled.AddReferences([b3]).RemoveReferences("one").AddReferences([ImageInput.FromPixels(b1, "one")])
            .RemoveReferences("pixels 1 (112 x 56)");
        tiled.SaveReferences(file);
        using var loaded = alone.WithReferenceFile(file);

        Assert.Equal((2, parts.References!.Tokens), (tiled.References!.Images.Count, tiled.References.Tokens));
        Assert.Equal([(112, 56), (112, 56)], tiled.References.Images.Select(i => (i.Width, i.Height)));
        Assert.Equal(tiled.Detect(b3).Score, loaded.Detect(b3).Score);
        Assert.Equal(tiled.Detect(b3).Score, more.Detect(b3).Score, 5);
        Assert.Equal("one", tiled.Detect(b1).EqualReference);
        Assert.True(tiled.Detect(b1).Score < tiled.Detect(b1, new() { LeaveOneOut = true }).Score);
        Assert.Contains("tiles", Assert.Throws<WeightsException>(() => plain.WithReferenceFile(file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_reference_too_large_to_be_decoded_is_read_by_rows_and_gives_the_same()
    {
        var ((_, _, b1), (_, _, b2), (_, _, b3)) = (Pictures(10), Pictures(20), Pictures(30));
        string[] files = [Path.Combine(_folder, "one.png"), Path.Combine(_folder, "two.png")];
        File.WriteAllBytes(files[0], MapImages.ToPng(b1));
        File.WriteAllBytes(files[1], MapImages.ToPng(b2));
        var tiling = Two with { MaximumImageBytes = 1000 };
        using var pixels = Of("mfp-clip").WithTiling(Two).Build();
        using var rows = Of("mfp-clip").WithTiling(tiling).WithImageLimits(new() { MaximumPixels = 56 * 56 }).Build(); // none may be decoded as a whole
        using var held = pixels.WithReferences([b1, b2]);
        using var read = rows.WithReferences([files[0], files[1], files[0]]);
        File.WriteAllBytes(Path.Combine(_folder, "three.png"), MapImages.ToPng(b3));

        Assert.Contains("same pixels", Assert.Single(read.References!.Warnings), StringComparison.Ordinal);
        Assert.Equal(held.References!.Images.Select(i => (i.Id, i.Width, i.Height)), read.References.Images.Select(i => (i.Id, i.Width, i.Height)));
        Assert.Equal(held.Detect(b3).ModelMap.Data, read.Detect(Path.Combine(_folder, "three.png")).ModelMap.Data);
        Assert.Equal("one.png", Path.GetFileName(read.Detect(files[0]).EqualReference));
    }

    [Fact]
    public void With_one_reference_a_tile_has_nothing_left_to_be_compared_with()
    {
        var (_, _, both) = Pictures(1);
        using var alone = Of("mfp-clip").WithTiling(Two).Build();
        using var one = alone.WithReferences([both]);

        Assert.Throws<ReferenceException>(() => one.Detect(both, new() { LeaveOneOut = true }));
        Assert.Contains("cannot be compared", Assert.Throws<ReferenceException>(
            () => one.Detect(both, new() { LeaveOneOut = true })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_calibration_holds_for_its_tiling_alone()
    {
        using var plain = Of("mfp-clip").Build();
        using var tiled = Of("mfp-clip").WithTiling(Two).Build();
        ImageInput[] normal = [.. Enumerable.Range(0, 5).Select(i => (ImageInput)Pictures(10 * i).Both)];
        var calibration = ScoreCalibrator.FromNormalImages(tiled, normal);

        using var calibrated = tiled.WithCalibration(calibration);
        Assert.NotNull(calibrated.Detect(normal[0]).IsAnomalous);
        Assert.Contains("tiling", Assert.Throws<CalibrationException>(() => plain.WithCalibration(calibration)).Message, StringComparison.Ordinal);
        using var other = Of("mfp-clip").WithTiling(Two with { Overlap = 0.5 }).Build();
        Assert.Contains("overlap", Assert.Throws<CalibrationException>(() => other.WithCalibration(calibration)).Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void A_recipe_holds_the_tiling()
    {
        using var tiled = Of("winclip").WithTiling(Two with { SmallestDefect = null, MaximumTiles = 99 }).Build();
        var recipe = DetectorRecipe.Parse(tiled.Recipe.ToJson());
        using var again = ZeroShotDetectorBuilder.From(recipe).Build();
        var (_, _, both) = Pictures(3);

        Assert.Equal(Two with { MaximumTiles = 99 }, again.Tiling);
        Assert.Equal(tiled.Description.CompositionHash, again.Description.CompositionHash);
        Assert.Equal(tiled.Detect(both).Score, again.Detect(both).Score);
        using var without = ZeroShotDetectorBuilder.From(recipe).WithoutTiling().Build();
        Assert.Null(without.Detect(both).Tiles);
        Assert.NotEqual(tiled.Description.CompositionHash, without.Description.CompositionHash);
        Assert.Throws<DetectorConfigurationException>(() => Of("winclip").WithTiling(new() { Overlap = 2 }).Build());
    }

    // Methods that need references get those of single tiles, so that both detectors compare with the same.
    private static ZeroShotDetector WithReferences(ZeroShotDetector detector)
    {
        if (!detector.NeedsReferences)
        {
            return detector;
        }

        using (detector)
        {
            return detector.WithReferences([ZeroShotDetectorTests.Picture(50, 56, 56), ZeroShotDetectorTests.Picture(51, 56, 56)]);
        }
    }
}
