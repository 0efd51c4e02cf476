using MfpClip.Backbones.Clip;
using MfpClip.Data.Procedural.Canvas;
using MfpClip.Evaluation.Baselines;
using MfpClip.Evaluation.Metrics;
using MfpClip.Kernels;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace MfpClip.Evaluation.Tests.Baselines;

public class BaselineTests
{
    [Fact]
    public void Distances_to_the_own_distribution_follow_the_closed_form_and_do_not_depend_on_units()
    {
        using var scope = torch.NewDisposeScope();
        // One of N points differs: its squared distance is N - 1, that of each other one 1 / (N - 1), whatever the difference is.
        const int n = 50;
        float[] one = [.. Enumerable.Range(0, n).Select(i => i == 7 ? 3f : -0.5f)];
        var distances = Mahalanobis.ToOwnDistribution(torch.tensor(one, [1, n])).data<float>().ToArray();
        Assert.Equal(Math.Sqrt(n - 1), distances[7], 4);
        Assert.All(distances.Where((_, i) => i != 7), d => Assert.Equal(1 / Math.Sqrt(n - 1), d, 4));

        // Squared distances of F features that do not repeat each other have the mean F; mixing features changes nothing.
        var random = new Random(1);
        var points = torch.tensor(Enumerable.Range(0, 4 * 300).Select(_ => random.NextSingle()).ToArray(), [4, 300]);
        var mixed = torch.matmul(torch.tensor(new float[] { 2, 1, 0, 0, 0, 3, 1, 0, 0, 0, 1, 5, 1, 0, 0, 0.1f }, [4, 4]), points) + 10;
        var own = Mahalanobis.ToOwnDistribution(points);
        Assert.Equal(4, own.square().mean().item<float>(), 3);
        Assert.True((own - Mahalanobis.ToOwnDistribution(mixed)).abs().max().item<float>() < 1e-2f);

        Assert.Equal(0, Mahalanobis.ToOwnDistribution(torch.full([3, 9], 0.7f)).abs().max().item<float>());
    }

    [Fact]
    public void Local_features_of_a_ramp_are_its_slope_and_no_curvature()
    {
        using var scope = torch.NewDisposeScope();
        // Brightness rises by 0.01 a pixel to the right.
        var image = (torch.arange(64) * 0.01f).view(1, 1, 64).expand(3, 48, 64).contiguous();
        var features = LocalFeatures.Of(image, [2]); // red, green, blue, gradient, Laplacian, deviation
        var middle = features.narrow(1, 16, 16).narrow(2, 16, 32);
        Assert.Equal(LocalFeatures.PerScale, features.shape[0]);
        Assert.Equal(0.16f, features[0, 20, 16].item<float>(), 4); // a symmetric window leaves a ramp as it is
        Assert.True((middle[3] - 0.01f).abs().max().item<float>() < 1e-5f);
        Assert.True(middle[4].abs().max().item<float>() < 1e-5f);
        Assert.True((middle[5] - 0.02f).abs().max().item<float>() < 2e-4f); // slope times sigma
    }

    [Fact]
    public void Local_statistics_find_a_spot_that_the_rest_of_the_image_lacks()
    {
        using var detector = BaselineDetector.LocalStatistics(new() { ImageSize = 96 });
        var (image, mask) = Stripes(96, spot: (60, 24, 10));

        var result = detector.Detect(image);
        float clean = detector.Detect(Stripes(96, null).Image).Score;

        Assert.True(Auroc(result.ModelMap, mask) > 0.95, $"{Auroc(result.ModelMap, mask)}");
        Assert.True(result.Score > clean);
        Assert.InRange(result.Score, 0, 1);
    }

    [Fact]
    public void Self_comparison_finds_the_odd_patch_with_any_backbone()
    {
        using var backbone = new ZeroShotDetectorBuilder().UseRandomBackbone(Small, 1).WithImageSize(112).WithoutImageToTextPrompt()
            .WithoutSelfPrompt().Build();
        var detector = BaselineDetector.SelfComparison(backbone);
        var (image, mask) = Stripes(112, spot: (56, 28, 28));
        using (detector)
        {
            var result = detector.Detect(image);
            Assert.True(Auroc(result.ModelMap, mask) > 0.9, $"{Auroc(result.ModelMap, mask)}");
            Assert.True(result.Score > detector.Detect(Stripes(112, null).Image).Score);
            Assert.Contains(detector.Description.Stages, s => s.Stage == "backbone");
        }

        Assert.InRange(backbone.Detect(image).Score, 0, 1); // shared, not taken
    }

    [Fact]
    public void Random_scores_are_worth_nothing_and_come_again()
    {
        using var first = BaselineDetector.Random(seed: 3, imageSize: 16);
        using var second = BaselineDetector.Random(seed: 3, imageSize: 16);
        using var other = BaselineDetector.Random(seed: 4, imageSize: 16);
        var images = Enumerable.Range(0, 2000).Select(i => Noise(i)).ToList();

        var results = first.DetectBatch(images);
        double[] scores = [.. results.Select(r => (double)r.Score)];

        // 2,000 even numbers: the AUROC of any labels has the deviation sqrt((n + 1) / (12 (n/2)^2)) = 0.013.
        Assert.InRange(ImageMetrics.Compute(scores, [.. scores.Select((_, i) => i % 2 == 0)]).Auroc.Value!.Value, 0.5 - (4 * 0.013), 0.5 + (4 * 0.013));
        Assert.InRange(results.SelectMany(r => r.ModelMap.Data).Average(), 0.49, 0.51);
        Assert.Equal(scores.Take(5), second.DetectBatch([.. images.Take(5)]).Select(r => (double)r.Score));
        Assert.NotEqual(scores[0], other.Detect(images[0]).Score);
    }

    [Fact]
    public void Native_memory_stays_flat()
    {
        using var backbone = new ZeroShotDetectorBuilder().UseRandomBackbone(Small, 1).WithImageSize(56).WithoutImageToTextPrompt().WithoutSelfPrompt().Build();
        using var self = BaselineDetector.SelfComparison(backbone);
        using var classical = BaselineDetector.LocalStatistics(new() { ImageSize = 48 });
        using var random = BaselineDetector.Random(imageSize: 16);
        ImageInput image = Stripes(56, (20, 20, 8)).Image;
        var region = new DetectionOptions { RegionOfInterest = new RegionOfInterest(56, 56, [.. Enumerable.Range(0, 56 * 56).Select(i => i % 56 < 28)]) };
        void All()
        {
            foreach (var detector in new[] { self, classical, random })
            {
                detector.DetectBatch([image, image]);
                var inside = detector.Detect(image, region).ModelMap;
                Assert.Equal(0, inside.Data[inside.Width - 1]);
            }
        }

        All();
        long before = Settled();
        All();
        Assert.Equal(before, Tensor.TotalCount); // without a collection: what nobody disposed must count

        // Garbage of earlier tests goes first: it would be counted before and be gone afterwards.
        static long Settled()
        {
            for (int i = 0; i < 3; i++)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }

            return Tensor.TotalCount;
        }
    }

    [Fact]
    public void Wrong_options_are_named_all_at_once()
    {
        var e = Assert.Throws<DetectorConfigurationException>(() => BaselineDetector.LocalStatistics(new() { Scales = [0], TopPercent = 0 }));
        Assert.Contains("scales", e.Message, StringComparison.Ordinal);
        Assert.Contains("top share", e.Message, StringComparison.Ordinal);
        Assert.Throws<DetectorConfigurationException>(() => BaselineDetector.Random(imageSize: 0));
    }

    private static ClipConfig Small { get; } = new()
    {
        EmbedDim = 16, Activation = MlpActivation.QuickGelu,
        Vision = new() { ImageSize = 56, PatchSize = 14, Width = 32, Layers = 4, Heads = 2 }, Text = new()
        {
            VocabSize = 49408, Width = 16, Layers = 1, Heads = 2,
        },
    };

    private static ImageInput Noise(int seed)
    {
        byte[] pixels = new byte[16 * 16 * 3];
        new Random(seed).NextBytes(pixels);
        return ImageInput.FromPixels(new(16, 16, pixels), $"{seed}");
    }

    // Stripes of a period that every patch shares; the spot is a grey square.
    private static (RgbImage Image, bool[] Mask) Stripes(int side, (int X, int Y, int Side)? spot)
    {
        var pixels = new byte[side * side * 3];
        bool[] mask = new bool[side * side];
        for (int i = 0; i < side * side; i++)
        {
            var (x, y) = (i % side, i / side);
            mask[i] = spot is { } s && x >= s.X && x < s.X + s.Side && y >= s.Y && y < s.Y + s.Side;
            pixels.AsSpan(3 * i, 3).Fill((byte)(mask[i] ? 220 : 100 + (30 * Math.Sin(2 * Math.PI * x / 7))));
        }

        return (new(side, side, pixels), mask);
    }

    private static double Auroc(AnomalyMap map, bool[] mask) => ImageMetrics.Compute([.. map.Data.Select(v => (double)v)], mask).Auroc.Value!.Value;
}
