using MfpClip.Backbones.Cnn;
using MfpClip.Weights;

namespace MfpClip.Parity.Tests.Backbones;

public sealed class EfficientNetLiteParityTests : IDisposable
{
    private const string FamilyName = "efficientnet-lite0";
    private readonly DisposeScope _scope = torch.NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [SkippableFact]
    public void Every_block_and_the_logits_agree_with_the_published_code()
    {
        string family = Goldens.Family(FamilyName);
        var manifest = Goldens.Manifest(FamilyName);
        using var file = WeightFile.Open(Weights(family));
        EfficientNetLiteWeights.Check(file);
        using var network = EfficientNetLite.Load(file, string.Empty, EfficientNetLiteLayout.Blocks.Count, head: true);
        var inputs = Goldens.Tensors(family, "inputs.safetensors");
        var outputs = Goldens.Tensors(family, "outputs.safetensors");
        var tolerance = manifest.GetProperty("tolerance");
        int compared = 0;
        foreach (int size in manifest.GetProperty("sizes").EnumerateArray().Select(s => s.GetInt32()))
        {
            int last = EfficientNetLiteLayout.Blocks.Count - 1;
            int[] taps = [.. Enumerable.Range(0, last + 1)];
            var blocks = network.Run(inputs[$"image.{size}"], taps);
            foreach (int block in taps.Where(t => outputs.ContainsKey($"blocks.{t}.{size}")))
            {
                Goldens.Close($"blocks.{block}.{size}", outputs[$"blocks.{block}.{size}"], blocks[block], tolerance.GetProperty("blocks").GetDouble());
                compared++;
            }

            var pooled = network.RunHead(blocks[last]).mean([2, 3]);
            var logits = F.linear(pooled, file.Read("classifier.weight"), file.Read("classifier.bias"));
            Goldens.Close($"logits.{size}", outputs[$"logits.{size}"], logits, tolerance.GetProperty("logits").GetDouble());
        }

        Assert.True(compared > 0, "The goldens hold no block outputs.");
    }

    [SkippableFact]
    public void The_extractor_gives_the_averages_of_the_golden_maps()
    {
        string family = Goldens.Family(FamilyName);
        var manifest = Goldens.Manifest(FamilyName);
        using var file = WeightFile.Open(Weights(family));
        using var cnn = EfficientNetLiteFeatureExtractor.Load(file, inputSize: null);
        int size = manifest.GetProperty("sizes")[0].GetInt32();
        var outputs = Goldens.Tensors(family, "outputs.safetensors");
        var (mean, std) = EfficientNetLite.Normalization;

        var features = cnn.Extract((Goldens.Tensors(family, "inputs.safetensors")[$"image.{size}"] * std[0]) + mean[0]);

        Assert.Equal([1, 1280], features.Pooled.shape);
        var logits = F.linear(features.Pooled, file.Read("classifier.weight"), file.Read("classifier.bias"));
        Goldens.Close("logits from the pooled feature", outputs[$"logits.{size}"], logits, manifest.GetProperty("tolerance").GetProperty("logits").GetDouble());
        foreach (var (level, block) in new[] { (1, 2), (2, 4), (3, 10), (4, 15) })
        {
            if (outputs.TryGetValue($"blocks.{block}.{size}", out var map))
            {
                Goldens.Close($"level {level}", map.mean([2, 3]), features.Levels[level], manifest.GetProperty("tolerance").GetProperty("blocks").GetDouble());
            }
        }
    }

    private static string Weights(string family)
    {
        string path = Path.Combine(family, Goldens.Manifest(FamilyName).GetProperty("weights").GetString()!);
        Skip.IfNot(File.Exists(path), $"The weights named in the manifest are absent: '{path}'.");
        return path;
    }
}
