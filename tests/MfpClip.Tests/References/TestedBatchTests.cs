using MfpClip.Backbones.Dino;
using MfpClip.Calibration;
using MfpClip.Detection;
using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Methods.AnomalyDino;
using MfpClip.Methods.SubspaceAd;
using MfpClip.References;
using MfpClip.Tests.Detection;

namespace MfpClip.Tests.References;

/// <summary>Tested images that are compared with one another, without normal ones; random weights.</summary>
public sealed class TestedBatchTests : IDisposable
{
    private static readonly DinoConfig Small = new() { Width = 64, Layers = 2, Heads = 1, PatchSize = 14, ImageSize = 56 };

    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static ZeroShotDetectorBuilder Of(string method, bool masking = false, ZeroShotDetectorBuilder? builder = null)
    {
        var b = (builder ?? new()).UseRandomDinoBackbone(Small, 1);
        return method == "anomaly-dino" ? b.UseAnomalyDino(new() { ShorterSide = 70, Rotations = [0], Masking = masking, MaskThreshold = 0.1 })
            : b.UseSubspaceAd(new() { ImageSize = 70, RotatedCopies = 0, LayersFromLast = [1, 2] });
    }

    private static RgbImage Pixels(int seed, int width = 96, bool defect = false)
    {
        const int Height = 80;
        var random = new Random(seed);
        var bytes = new byte[width * Height * 3];
        for (int i = 0; i < width * Height; i++)
        {
            bool spot = defect && i % width is > 40 and < 60 && i / width is > 30 and < 50;
            byte value = (byte)(128 + (60 * Math.Sin(i % width / 5.0)) + random.Next(-8, 9));
            (bytes[3 * i], bytes[(3 * i) + 1], bytes[(3 * i) + 2]) = spot ? ((byte)255, (byte)(40 * (i % 5)), (byte)0) : (value, value, value);
        }

        return new(width, Height, bytes);
    }

    private static ImageInput Photo(int seed, int width = 96, bool defect = false) => ImageInput.FromPixels(Pixels(seed, width, defect), $"photo {seed}");

    [Fact]
    public void AnomalyDino_compares_each_image_with_the_others_as_with_references()
    {
        using var alone = Of("anomaly-dino").Build();
        ImageInput[] images = [Photo(1), Photo(2, defect: true), Photo(3, width: 130)];
        using var batched = alone.WithTestedBatch(images);

        var results = batched.DetectBatch(images);

        // So few patches that each has one neighbour: what references give that are the other images.
        for (int i = 0; i < images.Length; i++)
        {
            using var others = alone.WithReferences([.. images.Where((_, o) => o != i)]);
            Assert.Equal(Distances(others, images[i]), Distances(batched, images[i]), (a, b) => Math.Abs(a - b) < 1e-5f);
        }

        Assert.True(results[1].Score > Math.Max(results[0].Score, results[2].Score), "the defect does not stand out");
        Assert.True(batched.IsBatched);
        Assert.All(results, r => Assert.Null(r.EqualReference));
        Assert.All(results, r => Assert.All(r.ImageMap!.Data.Append(r.Score), v => Assert.InRange(v, 0, 1)));
        // An image that is not of the batch is compared with all of it.
        using var all = alone.WithReferences(images);
        Assert.Equal(Distances(all, Photo(9)), Distances(batched, Photo(9)), (a, b) => Math.Abs(a - b) < 1e-5f);
    }

    [Fact]
    public void SubspaceAd_scores_each_image_with_the_subspace_of_all()
    {
        using var alone = Of("subspace-ad").Build();
        ImageInput[] images = [Photo(1), Photo(2, defect: true), Photo(3, width: 130)];
        using var batched = alone.WithTestedBatch(images);
        using var referenced = alone.WithReferences(images);

        foreach (var image in images.Append(Photo(9)))
        {
            Assert.Equal(Distances(referenced, image), Distances(batched, image), (a, b) => Math.Abs(a - b) <= 1e-4f * Math.Max(a, 1));
        }
    }

    [Theory]
    [InlineData("anomaly-dino", false)]
    [InlineData("anomaly-dino", true)]
    [InlineData("subspace-ad", false)]
    public void What_is_stored_gives_what_the_network_gives_again_and_live_tensors_stay_flat(string method, bool masking)
    {
        ImageInput[] images = [Photo(1), Photo(2, defect: true), Photo(3), Photo(4)];
        using var alone = Of(method, masking).Build();
        using var warm = alone.WithTestedBatch(images);
        warm.DetectBatch(images);
        long before = LiveTensors.Settle();
        using (var batched = alone.WithTestedBatch([.. images.Reverse()]))
        {
            // Neither the order nor who else is in a forward pass changes anything.
            Assert.All(images.Zip(warm.DetectBatch(images)), p => Assert.Equal(p.Second.Score, batched.Detect(p.First).Score, 1e-5f));
            // A batch of which one image is unknown runs the network for all.
            Assert.All(warm.DetectBatch(images).Zip(warm.DetectBatch([.. images, Photo(9)])), p => Assert.All(
                p.First.ImageMap!.Data.Zip(p.Second.ImageMap!.Data), v => Assert.Equal(v.First, v.Second, 1e-3f)));
        }

        Assert.Equal(before, torch.Tensor.TotalCount);
    }

    [Fact]
    public void A_part_of_each_image_stands_for_it_where_memory_is_short()
    {
        using var alone = Of("anomaly-dino").Build();
        var scheme = ((IReferenceScheme)(NormalImagePass)alone.Method).TestedBatch!;
        var options = scheme.Resolve(null);
        RgbImage[] images = [.. Enumerable.Range(1, 6).Select(i => Pixels(i, defect: i == 2))];
        var entries = images.Select((p, i) => scheme.Read($"{i:x16}", $"{i}", p, alone.Input, options, ForwardContext.Default)).ToList();
        try
        {
            int whole = entries[0].Cells.Length;
            using var bank = new MemoryBank(scheme, entries, options with { MaximumTokens = 6 * whole / 2 }, torch.CPU, []);

            Assert.Equal(6 * (whole / 2), bank.Model.Tokens);
            // Evenly: no half of the image has less than a third of the cells that are kept.
            int[] kept = bank.Entries[0].Cells;
            Assert.InRange(kept.Count(c => c / entries[0].Columns < entries[0].Rows / 2), whole / 6, whole / 3);
            using var scope = torch.NewDisposeScope();
            float Score(int i)
            {
                using var batch = ImageBatch.FromImages([alone.Input.Preprocessor.Prepare(images[i]).Pixels]);
                return scheme.Run(bank, batch, "object", null, ForwardContext.Default, [bank.Entries[i]]).Score.item<float>();
            }

            Assert.Equal(1, Enumerable.Range(0, 6).MaxBy(Score));
        }
        finally
        {
            entries.ForEach(e => e.Dispose());
        }
    }

    [Fact]
    public void Unreadable_images_and_copies_are_left_out_and_named()
    {
        string broken = Path.Combine(_folder, "broken.png");
        File.WriteAllText(broken, "no image");
        using var alone = Of("anomaly-dino").Build();
        var seen = new List<int>();
        ImageInput[] images = [Photo(1), ImageInput.FromFile(broken), Photo(2), ImageInput.FromPixels(Pixels(1), "copy")];

        using var batched = alone.WithTestedBatch(images, new Reported(seen.Add));

        Assert.Equal([1, 2, 3, 4], seen);
        Assert.Equal(2, batched.References!.Images.Count);
        Assert.Contains(batched.References.Warnings, w => w.Contains("broken.png", StringComparison.Ordinal));
        Assert.Contains(batched.References.Warnings, w => w.Contains("'copy' shows the same pixels as 'photo 1'", StringComparison.Ordinal));
        var outcomes = batched.DetectEach(images);
        Assert.IsType<ImageDecodeException>(outcomes[1].Error);
        Assert.Equal(outcomes[0].Result!.Score, outcomes[3].Result!.Score); // a copy is not compared with itself either
        Assert.Contains("two different images", Assert.Throws<ReferenceException>(() => alone.WithTestedBatch([Photo(1), images[1], images[3]])).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_is_refused_with_what_to_do()
    {
        ImageInput[] images = [Photo(1), Photo(2), Photo(3)];
        using var zeroShot = ZeroShot().Build();
        using var alone = Of("anomaly-dino").Build();
        using var batched = alone.WithTestedBatch(images);
        using var calibrated = alone.WithReferences(images).WithCalibration(
            ScoreCalibrator.FromNormalImages(alone.WithReferences(images), [Photo(4), Photo(5)]));

        var cannot = Assert.Throws<DetectorConfigurationException>(() => zeroShot.WithTestedBatch(images));
        Assert.Contains("UseSubspaceAd", cannot.Message, StringComparison.Ordinal);
        Assert.Throws<CalibrationException>(() => calibrated.WithTestedBatch(images));
        Assert.Throws<ReferenceException>(() => batched.AddReferences([Photo(4)]));
        Assert.Throws<ReferenceException>(() => batched.RemoveReferences("photo 1"));
        Assert.Throws<ReferenceException>(() => batched.SaveReferences(Path.Combine(_folder, "r.safetensors")));
        Assert.Empty(Directory.GetFiles(_folder));
        Assert.Contains("WithTestedBatch", Assert.Throws<ReferenceException>(() => alone.Detect(images[0])).Message, StringComparison.Ordinal);
        using var cancelled = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => alone.WithTestedBatch(images, new Reported(_ => cancelled.Cancel()), cancelled.Token));
        // Every method that says so can, and the others say that they cannot.
        Assert.Equal(["anomaly-dino", "subspace-ad"], DetectorRegistry.Default.Methods.Where(m => m.Description.ComparesBatch).Select(m => m.Description.Id));
    }

    [Theory]
    [InlineData("anomaly-dino")]
    [InlineData("subspace-ad")]
    public void A_joined_method_compares_the_batch_beside_the_zero_shot_one(string method)
    {
        ImageInput[] images = [.. Enumerable.Range(1, 6).Select(i => Photo(i, defect: i == 4))];
        using var joined = ZeroShot().JoinWith(b => Of(method, builder: b)).Build();
        using var batched = joined.WithTestedBatch(images);

        var results = batched.DetectBatch(images);

        Assert.Equal(3, results.Select((r, i) => (r.Score, i)).MaxBy(r => r.Score).i);
        Assert.All(images.Zip(results), p => Assert.Equal(p.Second.Score, batched.Detect(p.First).Score, 1e-4f));
    }

    private static ZeroShotDetectorBuilder ZeroShot() => new ZeroShotDetectorBuilder().UseRandomBackbone(ZeroShotDetectorTests.Config, 3)
        .WithoutImageToTextPrompt().WithoutSelfPrompt().WithImageSize(112);

    // Before they are scaled, which depends on the set.
    private static float[] Distances(ZeroShotDetector detector, ImageInput image)
    {
        var pass = (ReferencedPass)detector.Pass;
        var pixels = image.Pixels!;
        using var scope = torch.NewDisposeScope();
        using var batch = ImageBatch.FromImages([detector.Input.Preprocessor.Prepare(pixels).Pixels]);
        var own = pass.IsBatch ? pass.Bank.Find(ReferenceId.Of(pixels)) : null;
        var (map, score) = ((NormalImagePass)pass.Bank.Scheme).Distances(pass.Bank, batch, null, ForwardContext.Default, own is null ? null : [own]);
        return [.. map.cpu().contiguous().data<float>().ToArray(), score.item<float>()];
    }

    private sealed class Reported(Action<int> report) : IProgress<int>
    {
        public void Report(int value) => report(value);
    }
}
