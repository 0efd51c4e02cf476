using MfpClip.Backbones.Cnn;
using MfpClip.Backbones.Dino;
using MfpClip.Methods.AnomalyDino;
using MfpClip.Methods.PatchCore;
using MfpClip.Methods.SubspaceAd;
using MfpClip.References;
using MfpClip.Tests.Detection;

namespace MfpClip.Tests.References;

/// <summary>Methods that judge by normal images, alone and beside a zero-shot method, with random weights.</summary>
public sealed class JoinedMethodTests : IDisposable
{
    private static readonly DinoConfig Small = new() { Width = 64, Layers = 2, Heads = 1, PatchSize = 14, ImageSize = 56 };

    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static ZeroShotDetectorBuilder ZeroShot() => new ZeroShotDetectorBuilder().UseRandomBackbone(ZeroShotDetectorTests.Config, 3)
        .WithoutImageToTextPrompt().WithoutSelfPrompt().WithImageSize(112);

    private static ZeroShotDetectorBuilder Of(string method, ZeroShotDetectorBuilder? builder = null) => (builder ?? new(), method) switch
    {
        (var b, "anomaly-dino") => b.UseRandomDinoBackbone(Small, 1).UseAnomalyDino(new() { ShorterSide = 70, Rotations = [0, 90] }),
        (var b, "subspace-ad") => b.UseRandomDinoBackbone(Small, 1).UseSubspaceAd(new() { ImageSize = 70, RotatedCopies = 1, LayersFromLast = [1, 2] }),
        (var b, _) => b.UseCnn(new ResNetOptions { Architecture = ResNetArchitecture.ResNet18, RandomSeed = 1 }).UsePatchCore(
            new() { StageWidth = 32, Width = 32, CoresetFraction = 0.5 }).WithImageSize(64),
    };

    private static ImageInput Photo(int seed, int width = 96, int height = 80, bool defect = false)
    {
        var random = new Random(seed);
        var bytes = new byte[width * height * 3];
        for (int i = 0; i < width * height; i++)
        {
            bool spot = defect && i % width is > 40 and < 60 && i / width is > 30 and < 50;
            byte value = (byte)(128 + (60 * Math.Sin(i % width / 5.0)) + random.Next(-8, 9));
            (bytes[3 * i], bytes[(3 * i) + 1], bytes[(3 * i) + 2]) = spot ? ((byte)255, (byte)(40 * (i % 5)), (byte)0) : (value, value, value);
        }

        return ImageInput.FromPixels(new RgbImage(width, height, bytes), $"photo {seed}");
    }

    private static ImageInput[] Photos(params int[] seeds) => [.. seeds.Select(s => Photo(s))];

    [Theory]
    [InlineData("anomaly-dino")]
    [InlineData("subspace-ad")]
    [InlineData("patchcore")]
    public void References_come_go_and_are_stored_and_nothing_depends_on_their_order(string method)
    {
        string file = Path.Combine(_folder, "r.safetensors");
        using var alone = Of(method).Build();
        using var all = alone.WithReferences(Photos(1, 2, 3));
        using var detour = alone.WithReferences(Photos(3, 4)).AddReferences(Photos(2, 1)).RemoveReferences("photo 4");
        all.SaveReferences(file);
        using var loaded = alone.WithReferenceFile(file);
        ImageInput[] tested = [Photo(9), Photo(10, defect: true), Photo(11, width: 120, height: 64)];

        var expected = all.DetectBatch(tested);

        Assert.True(expected[1].Score > expected[0].Score, "the defect does not stand out");
        foreach (var other in new[] { detour, loaded })
        {
            Assert.All(expected.Zip(other.DetectBatch(tested)), p =>
            {
                Assert.Equal(p.First.Score, p.Second.Score, 1e-4f);
                Assert.All(p.First.ImageMap!.Data.Zip(p.Second.ImageMap!.Data), v => Assert.Equal(v.First, v.Second, 1e-3f));
            });
        }

        Assert.All(expected, r => Assert.All(r.ImageMap!.Data.Append(r.Score), v => Assert.InRange(v, 0, 1)));
        Assert.All(expected.Zip(tested), p => Assert.Equal(p.First.Score, all.Detect(p.Second).Score, 1e-5f)); // batches change nothing
        Assert.Equal(["photo 1", "photo 2", "photo 3"], ReferenceFile.Read(file).Summary.Images.Select(i => i.Name).Order());
        Assert.Equal(2, ReferenceFile.Remove(file, ["photo 2"]).Summary.Images.Count);
    }

    [Theory]
    [InlineData("anomaly-dino")]
    [InlineData("subspace-ad")]
    [InlineData("patchcore")]
    public void A_reference_that_is_left_out_is_compared_with_the_others_only(string method)
    {
        using var alone = Of(method).Build();
        using var all = alone.WithReferences(Photos(1, 2, 3));
        using var others = alone.WithReferences(Photos(1, 3));

        var left = all.Detect(Photo(2), new() { LeaveOneOut = true });

        // Scores are scaled by the references, of which there is one more: the order of map values is that of the others alone.
        var (a, b) = (left.ImageMap!.Data, others.Detect(Photo(2)).ImageMap!.Data);
        Assert.True(left.Score > all.Detect(Photo(2)).Score);
        if (method != "patchcore")
        {
            Assert.True(Correlation(Rank(a), Rank(b)) > 0.99, $"{Correlation(Rank(a), Rank(b))}");
        }
    }

    [Theory]
    [InlineData("anomaly-dino")]
    [InlineData("subspace-ad")]
    [InlineData("patchcore")]
    public void Without_references_it_says_what_is_missing_and_live_tensors_stay_flat(string method)
    {
        using var alone = Of(method).Build();
        var e = Assert.Throws<ReferenceException>(() => alone.Detect(Photo(1)));
        Assert.Contains("WithReferences", e.Message, StringComparison.Ordinal);
        using (var warm = alone.WithReferences(Photos(1, 2)))
        {
            warm.DetectBatch([Photo(3), Photo(1)], new() { LeaveOneOut = true }); // kernels keep packed weights from now on
        }

        long before = LiveTensors.Settle();
        using (var with = alone.WithReferences(Photos(1, 2)))
        {
            with.DetectBatch([Photo(3), Photo(1)], new() { LeaveOneOut = true });
        }

        Assert.Equal(before, torch.Tensor.TotalCount);
        Assert.Throws<DetectorConfigurationException>(() => alone.WithReferences(Photos(1), new() { TopCells = 3 }));
        Assert.Throws<DetectorConfigurationException>(() => Of(method).WithScales(0.5, 1).Build());
    }

    [Theory]
    [InlineData("anomaly-dino")]
    [InlineData("subspace-ad")]
    [InlineData("patchcore")]
    public void A_joined_method_at_weight_0_ranks_as_the_zero_shot_one_and_at_weight_1_as_itself(string method)
    {
        ImageInput[] tested = [.. Enumerable.Range(20, 8).Select(i => Photo(i, defect: i % 2 == 0))];
        using var zeroShot = ZeroShot().Build();
        using var itself = Of(method).Build().WithReferences(Photos(1, 2, 3));
        using var joined = ZeroShot().JoinWith(b => Of(method, b)).Build();

        float[] Scores(ZeroShotDetector detector) => [.. detector.DetectBatch(tested).Select(r => r.Score)];
        float[] At(double weight)
        {
            using var with = joined.WithReferences(Photos(1, 2, 3), new() { Weight = weight });
            return Scores(with);
        }

        Assert.Equal(Rank(Scores(zeroShot)), Rank(At(0)));
        Assert.Equal(Rank(Scores(itself)), Rank(At(1)));
        Assert.Throws<ReferenceException>(() => joined.Detect(tested[0]));
    }

    [Fact]
    public void A_joined_detector_is_built_again_from_its_recipe_and_bound_to_its_calibration()
    {
        using var detector = ZeroShot().JoinWith(b => Of("anomaly-dino", b)).WithReferences(Photos(1, 2)).Build();
        using var other = ZeroShot().JoinWith(b => Of("patchcore", b)).WithReferences(Photos(1, 2)).Build();
        string file = Path.Combine(_folder, "r.safetensors");
        detector.SaveReferences(file);

        var recipe = DetectorRecipe.Parse(detector.Recipe.ToJson()) with { References = new() { File = file } };
        using var again = ZeroShotDetectorBuilder.From(recipe).Build();

        Assert.Equal(detector.Detect(Photo(9)).Score, again.Detect(Photo(9)).Score, 1e-5f);
        Assert.Contains("joined with AnomalyDINO", again.Description.Method, StringComparison.Ordinal);
        var calibration = MfpClip.Calibration.ScoreCalibrator.FromNormalImages(detector, Photos(4, 5, 6));
        using var bound = again.WithCalibration(calibration);
        Assert.Throws<CalibrationException>(() => other.WithCalibration(calibration));
        Assert.Throws<WeightsException>(() => ZeroShot().JoinWith(b => Of("patchcore", b)).WithReferenceFile(file).Build());
        Assert.Throws<DetectorConfigurationException>(() => ZeroShot().JoinWith(b => b.UseRandomBackbone(ZeroShotDetectorTests.Config, 1)
            .WithoutImageToTextPrompt().WithoutSelfPrompt()).Build());
        Assert.Throws<DetectorConfigurationException>(() => Of("patchcore").JoinWith(b => Of("anomaly-dino", b)).Build());
    }

    private static int[] Rank(float[] values) => [.. values.Select(v => values.Count(o => o < v))];

    private static double Correlation(int[] a, int[] b)
    {
        double ma = a.Average(), mb = b.Average();
        return a.Zip(b).Sum(p => (p.First - ma) * (p.Second - mb)) / Math.Sqrt(a.Sum(x => (x - ma) * (x - ma)) * b.Sum(x => (x - mb) * (x - mb)));
    }
}
