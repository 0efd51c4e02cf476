using MfpClip.Training.Memory;

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
        var cache = new FrozenFeatureCache(folder.Path, 1 << 20, "networks");
        float[] first = Get(cache, images);
        Assert.Equal(first, Get(new FrozenFeatureCache(folder.Path, 1 << 20, "networks"), images));
        Assert.Equal(1, computed);
        Get(new FrozenFeatureCache(folder.Path, 1 << 20, "other networks"), images);
        using var other = images + 1e-3f;
        Get(cache, other);
        Assert.Equal(3, computed);
        using var swapped = images.flip(0);
        float[] back = Get(cache, swapped);
        Assert.Equal(3, computed); // each image is known on its own
        Assert.Equal(first[..48], back[48..]);

        float[] Get(FrozenFeatureCache c, Tensor x)
        {
            using var scope = torch.NewDisposeScope();
            return c.Get("double", x, () =>
            {
                computed++;
                return [x * 2];
            })[0].data<float>().ToArray();
        }
    }

    [Fact]
    public void It_stops_growing_at_its_budget_and_survives_damaged_files()
    {
        using var folder = new TestFolder();
        using var scope = torch.NewDisposeScope();
        var cache = new FrozenFeatureCache(folder.Path, 3000, "networks");
        for (int i = 0; i < 20; i++)
        {
            var x = torch.full([1, 100], (float)i);
            Assert.Equal(2f * i, cache.Get("double", x, () => [x * 2])[0][0, 0].item<float>());
        }

        var files = Directory.GetFiles(folder.Path);
        Assert.NotEmpty(files);
        Assert.True(files.Sum(f => new FileInfo(f).Length) <= 3000 + 400);
        foreach (string file in files)
        {
            File.WriteAllText(file, "damaged");
        }

        var y = torch.full([1, 100], 0f);
        Assert.Equal(0f, cache.Get("double", y, () => [y * 2])[0][0, 5].item<float>());
    }

    private static byte[] Run(string output, bool selfPrompt, string? features)
    {
        var builder = Small.Builder();
        using var detector = (selfPrompt ? builder : builder.WithoutSelfPrompt()).Build();
        new Trainer(detector, Small.Data(), Small.Options(output) with { FeatureCacheFolder = features, DrawCurves = false, Recipe = Small.Recipe with { BatchSize = 1 } }).Run();
        return File.ReadAllBytes(Path.Combine(output, "modules.safetensors"));
    }
}
