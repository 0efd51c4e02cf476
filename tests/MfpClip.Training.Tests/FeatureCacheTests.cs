using System.Text.Json;
using MfpClip.Backbones.Cnn;
using MfpClip.Backbones.Hybrid;
using MfpClip.Data;
using MfpClip.Data.Procedural.Canvas;
using MfpClip.Execution;
using MfpClip.Methods.Mfp;
using MfpClip.Output;
using MfpClip.Training.Comparison;

namespace MfpClip.Training.Tests;

public class FeatureCacheTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Training_with_kept_features_gives_the_same_bits(bool selfPrompt)
    {
        using var folder = new TestFolder();
        byte[] plain = Run(folder["plain"], selfPrompt, null);
        Assert.Equal(plain, Run(folder["first"], selfPrompt, folder["features"]));
        int files = Directory.GetFiles(folder["features"]).Length;
        Assert.Equal(selfPrompt ? 8 : 16, files); // CNN features of 8 images; without SP the tokens of the tower too
        Assert.Equal(plain, Run(folder["second"], selfPrompt, folder["features"]));
        Assert.Equal(files, Directory.GetFiles(folder["features"]).Length);
    }

    [Fact]
    public void Second_reading_computes_nothing_and_another_network_or_image_shares_nothing()
    {
        using var folder = new TestFolder();
        using var images = torch.randn(2, 3, 4, 4);
        int computed = 0;
        var cache = new FeatureFolder(folder.Path, 1 << 20);
        float[] first = Get(cache, images);
        Assert.Equal(first, Get(new FeatureFolder(folder.Path, 1 << 20), images));
        Assert.Equal(1, computed);
        Get(cache, images, "other networks");
        using var other = images + 1e-3f;
        Get(cache, other);
        Assert.Equal(3, computed);
        using var swapped = images.flip(0);
        float[] back = Get(cache, swapped);
        Assert.Equal(3, computed); // each image is known on its own
        Assert.Equal(first[..48], back[48..]);

        float[] Get(FeatureFolder c, Tensor x, string network = "networks")
        {
            using var scope = torch.NewDisposeScope();
            return c.Get(Key(network), FeatureInputs.Of(x), () =>
            {
                computed++;
                return [x * 2];
            })[0].data<float>().ToArray();
        }
    }

    [Fact]
    public void What_an_object_of_this_process_stands_for_is_never_kept()
    {
        using var folder = new TestFolder();
        using var scope = torch.NewDisposeScope();
        var cache = new FeatureFolder(folder.Path, 1 << 20);
        cache.Get(Key(string.Empty) with { Instance = new object() }, FeatureInputs.Of(torch.ones([1, 4])), () => [torch.ones([1, 4])]);
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void It_stops_growing_at_its_budget_and_survives_damaged_files()
    {
        using var folder = new TestFolder();
        using var scope = torch.NewDisposeScope();
        var cache = new FeatureFolder(folder.Path, 3000);
        for (int i = 0; i < 20; i++)
        {
            var x = torch.full([1, 100], (float)i);
            Assert.Equal(2f * i, cache.Get(Key("networks"), FeatureInputs.Of(x), () => [x * 2])[0][0, 0].item<float>());
        }

        var files = Directory.GetFiles(folder.Path);
        Assert.NotEmpty(files);
        Assert.True(files.Sum(f => new FileInfo(f).Length) <= 3000 + 400);
        foreach (string file in files)
        {
            File.WriteAllText(file, "damaged");
        }

        var y = torch.full([1, 100], 0f);
        Assert.Equal(0f, cache.Get(Key("networks"), FeatureInputs.Of(y), () => [y * 2])[0][0, 5].item<float>());
    }

    [Fact]
    public void The_small_models_frozen_network_is_kept_with_and_without_prompts()
    {
        using var folder = new TestFolder();
        byte[] plain = Train(folder["plain"], null);
        Assert.Equal(plain, Train(folder["first"], folder["features"]));
        Assert.Equal(2 * 8, Directory.GetFiles(folder["features"]).Length); // CNN features and the tokens before block 1 of 8 images
        Assert.Equal(plain, Train(folder["second"], folder["features"]));

        byte[] Train(string output, string? features)
        {
            using var detector = HybridMfpClip.Apply(new ZeroShotDetectorBuilder().UseBackbone(HybridBackbone.CreateRandom(Hybrid, 1)), 64, 5)
                .UseCnn(new EfficientNetLiteOptions { RandomSeed = 1, InputSize = 32 }).Build();
            return Run(detector, output, features);
        }
    }

    [Fact]
    public void AnomalyClips_vision_pass_is_kept_because_nothing_in_it_is_trained()
    {
        using var folder = new TestFolder();
        byte[] plain = Train(folder["plain"], null);
        Assert.Equal(plain, Train(folder["first"], folder["features"]));
        Assert.Equal(8, Directory.GetFiles(folder["features"]).Length);
        Assert.Equal(plain, Train(folder["second"], folder["features"]));

        byte[] Train(string output, string? features)
        {
            using var detector = new ZeroShotDetectorBuilder().UseRandomBackbone(Small.Clip, 1).UseAnomalyClip(new() { Seed = 3 }).WithImageSize(56).Build();
            return Run(detector, output, features);
        }
    }

    [Fact]
    public void A_comparison_with_kept_features_has_the_same_numbers()
    {
        using var folder = new TestFolder();
        var set = TestSet(folder["plates"]);
        var plain = Compare(folder["plain"], null);
        Assert.Equal(plain, Compare(folder["first"], folder["features"]));
        Assert.NotEmpty(Directory.GetFiles(folder["features"]));
        Assert.Equal(plain, Compare(folder["second"], folder["features"]));

        string Compare(string output, string? features)
        {
            var line = new ComparedMethod("anomalyclip", "AnomalyCLIP", seed => new ZeroShotDetectorBuilder().UseRandomBackbone(Small.Clip, 1)
                .UseAnomalyClip(new() { Seed = seed }).WithImageSize(56));
            var result = new MethodComparison(new()
            {
                OutputFolder = output, Seeds = [4], LatencyImages = 1, Recipe = r => r with { Epochs = 1, BatchSize = 2 },
                Training = new() { OutputFolder = output, FeatureCacheFolder = features, DrawCurves = false, WriteTensorBoard = false, Workers = 1 },
            }).Run([line], Small.Data(2), set);
            return JsonSerializer.Serialize(result.Methods[0].Runs[0].Categories);
        }
    }

    private static FeatureKey Key(string network) => new() { Network = network, What = "double", Precision = ScalarType.Float32, Device = "cpu" };

    private static HybridConfig Hybrid { get; } = new()
    {
        EmbedDim = 16,
        Vision = new() { ImageSize = 64, Width = 24, Layers = 4, Heads = 2, PooledGrid = 2, PositionGrid = 2, Kernel = 3 },
        Text = new() { VocabSize = 49408, Width = 8, Layers = 1, Heads = 1 },
    };

    private static AnomalyDataSet TestSet(string path)
    {
        var random = new Random(1);
        for (int i = 0; i < 6; i++)
        {
            string kind = Path.Combine(path, "plate", "test", i % 2 == 0 ? "good" : "hole");
            Directory.CreateDirectory(kind);
            var pixels = new byte[64 * 64 * 3];
            random.NextBytes(pixels);
            MapFiles.WritePng(Path.Combine(kind, $"{i}.png"), new RgbImage(64, 64, pixels));
        }

        return DataSetReader.Open(path);
    }

    private static byte[] Run(ZeroShotDetector detector, string output, string? features)
    {
        new Trainer(detector, Small.Data(),
            Small.Options(output) with { FeatureCacheFolder = features, DrawCurves = false, Recipe = Small.Recipe with { BatchSize = 1 } }).Run();
        return File.ReadAllBytes(Path.Combine(output, "modules.safetensors"));
    }

    private static byte[] Run(string output, bool selfPrompt, string? features)
    {
        var builder = Small.Builder();
        using var detector = (selfPrompt ? builder : builder.WithoutSelfPrompt()).Build();
        return Run(detector, output, features);
    }
}
