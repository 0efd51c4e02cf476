using MfpClip.Backbones.Cnn;
using MfpClip.Tests.Weights;

namespace MfpClip.Tests.Backbones.Cnn;

public sealed class ResNetFeatureExtractorTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    // torchvision's model cards, of which fc has 513,000 or 2,049,000 values; batch norms hold two values a channel.
    [Theory]
    [InlineData(ResNetArchitecture.ResNet18, 11_689_512 - 513_000)]
    [InlineData(ResNetArchitecture.ResNet34, 21_797_672 - 513_000)]
    [InlineData(ResNetArchitecture.ResNet50, 25_557_032 - 2_049_000)]
    [InlineData(ResNetArchitecture.ResNet101, 44_549_160 - 2_049_000)]
    [InlineData(ResNetArchitecture.WideResNet50, 68_883_240 - 2_049_000)]
    [InlineData(ResNetArchitecture.WideResNet101, 126_886_696 - 2_049_000)]
    public void The_layout_has_torchvisions_number_of_values(ResNetArchitecture architecture, long expected) =>
        Assert.Equal(expected, ResNetLayout.Of(architecture).Convolutions.Sum(c => c.Shape.Aggregate(1L, (a, b) => a * b) + (2L * c.Outputs)));

    [Theory]
    [InlineData(ResNetArchitecture.ResNet18, 512, new[] { 64, 64, 128, 256, 512 })]
    [InlineData(ResNetArchitecture.ResNet50, 2048, new[] { 64, 256, 512, 1024, 2048 })]
    public void Agrees_with_the_network_written_out_with_batch_norm(ResNetArchitecture architecture, int width, int[] levels)
    {
        using var file = new MemoryWeightFile(RandomWeights(architecture));
        using var cnn = ResNetFeatureExtractor.Load(architecture, file);
        var pixels = FakeBackbone.Values(9, ScalarType.Float32, 2, 3, 64, 48).abs();

        var features = cnn.Extract(pixels);

        Assert.Equal(width, cnn.FeatureDim);
        Assert.Equal(levels, cnn.LevelDims);
        Assert.Equal([2, width], features.Pooled.shape);
        Assert.Equal(levels, features.Levels.Select(l => (int)l.shape[1]));
        var expected = Reference(architecture, file, pixels);
        for (var i = 0; i < 5; i++)
        {
            // Relative to the level's largest value: folding the batch norm rounds in another order.
            TensorAssert.Close(expected[i] / expected[i].max(), features.Levels[i] / expected[i].max(), 2e-5);
        }

        TensorAssert.Close(features.Levels[4], features.Pooled, 0);
        Assert.False(features.Pooled.requires_grad);
    }

    [Theory]
    [InlineData(ResNetArchitecture.ResNet18)]
    [InlineData(ResNetArchitecture.ResNet50)]
    public void A_file_tells_which_network_it_holds(ResNetArchitecture architecture)
    {
        using var file = new MemoryWeightFile(RandomWeights(architecture));
        using var named = ResNetFeatureExtractor.Load(architecture, file);
        using var found = ResNetFeatureExtractor.Load(ResNetArchitecture.FromFile, file);
        var pixels = FakeBackbone.Values(9, ScalarType.Float32, 1, 3, 64, 48).abs();

        Assert.Equal(named.Describe().Settings, found.Describe().Settings);
        TensorAssert.Close(named.Extract(pixels).Pooled, found.Extract(pixels).Pooled, 0);
        // Averaged over its places, the map of a stage is the level's feature.
        var maps = found.ExtractMaps((pixels - Channels(found.Normalization.Mean)) / Channels(found.Normalization.Std), ["layer4", "layer1"]);
        TensorAssert.Close(found.Extract(pixels).Levels[4], maps[0].mean([2, 3]), 1e-4);
        TensorAssert.Close(found.Extract(pixels).Levels[1], maps[1].mean([2, 3]), 1e-4);
    }

    [Fact]
    public void Another_network_than_the_one_asked_for_is_named()
    {
        using var file = new MemoryWeightFile(RandomWeights(ResNetArchitecture.ResNet18));

        var e = Assert.Throws<WeightsException>(() => ResNetFeatureExtractor.Load(ResNetArchitecture.WideResNet50, file));

        Assert.Contains("it holds a ResNet-18, but WideResNet-50-2 was asked for", e.Message);
    }

    [Fact]
    public void A_file_that_holds_no_residual_network_says_what_was_found()
    {
        using var foreign = new MemoryWeightFile(new Dictionary<string, Tensor> { ["encoder.weight"] = torch.zeros(3) });
        var without = RandomWeights(ResNetArchitecture.ResNet18);
        without.Remove("layer2.0.downsample.0.weight");
        using var broken = new MemoryWeightFile(without);
        var flat = RandomWeights(ResNetArchitecture.ResNet18);
        flat["layer3.0.conv2.weight"] = torch.zeros(4, 4);
        using var shapeless = new MemoryWeightFile(flat);

        Assert.Contains("encoder.weight", Assert.Throws<WeightsException>(() => ResNetFeatureExtractor.Load(ResNetArchitecture.FromFile, foreign)).Message);
        var mismatch = Assert.Throws<WeightsMismatchException>(() => ResNetFeatureExtractor.Load(ResNetArchitecture.FromFile, broken));
        Assert.Equal(["layer2.0.downsample.0.weight"], mismatch.Missing);
        Assert.Contains("'layer3.0.conv2.weight' is [4, 4]",
            Assert.Throws<WeightsException>(() => ResNetFeatureExtractor.Load(ResNetArchitecture.FromFile, shapeless)).Message);
    }

    [Fact]
    public void Maps_that_there_are_not_are_refused_by_name()
    {
        using var cnn = ResNetFeatureExtractor.CreateRandom(ResNetArchitecture.ResNet18, 5);

        var e = Assert.Throws<DetectorConfigurationException>(() => cnn.ExtractMaps(torch.zeros(1, 3, 32, 32), ["layer2", "layer5"]));

        Assert.Contains("ResNet-18 has no map 'layer5'; there are layer1, layer2, layer3, layer4", e.Message);
    }

    [Fact]
    public void Of_misfitting_files_every_fault_is_listed()
    {
        var weights = RandomWeights(ResNetArchitecture.ResNet18);
        weights.Remove("layer2.0.downsample.1.running_var");
        weights["conv1.weight"] = torch.zeros(64, 1, 7, 7);
        weights["head.weight"] = torch.zeros(1);
        using var file = new MemoryWeightFile(weights);

        var e = Assert.Throws<WeightsMismatchException>(() => ResNetFeatureExtractor.Load(ResNetArchitecture.ResNet18, file));

        Assert.Equal(["layer2.0.downsample.1.running_var"], e.Missing);
        Assert.Equal(["head.weight"], e.Unexpected);
        Assert.Contains("conv1.weight", Assert.Single(e.WrongShape));
    }

    [Fact]
    public void Not_a_number_is_refused()
    {
        var weights = RandomWeights(ResNetArchitecture.ResNet18);
        weights["layer4.1.bn2.bias"] = torch.full(512, float.NaN);
        using var file = new MemoryWeightFile(weights);

        var e = Assert.Throws<WeightsException>(() => ResNetFeatureExtractor.Load(ResNetArchitecture.ResNet18, file));

        Assert.Contains("layer4.1.bn2.bias", e.Message);
    }

    [Fact]
    public void Random_weights_say_so_and_repeat()
    {
        using var a = ResNetFeatureExtractor.CreateRandom(ResNetArchitecture.ResNet18, 5);
        using var b = ResNetFeatureExtractor.CreateRandom(ResNetArchitecture.ResNet18, 5);
        using var c = ResNetFeatureExtractor.CreateRandom(ResNetArchitecture.ResNet18, 6);
        var pixels = FakeBackbone.Values(9, ScalarType.Float32, 1, 3, 32, 32).abs();

        TensorAssert.Close(a.Extract(pixels).Pooled, b.Extract(pixels).Pooled, 0);
        var weights = a.Describe().Weights.Single();
        Assert.Equal("random (seed 5)", weights.Source);
        Assert.Equal(weights.Sha256, b.Describe().Weights.Single().Sha256);
        Assert.NotEqual(weights.Sha256, c.Describe().Weights.Single().Sha256);
    }

    [Fact]
    public void Random_weights_must_be_asked_for()
    {
        Assert.Single(new ResNetOptions().Faults());
        Assert.Empty(new ResNetOptions { RandomSeed = 0 }.Faults());
        Assert.Empty(new ResNetOptions { WeightsPath = "resnet50.safetensors" }.Faults());
        Assert.Single(new ResNetOptions { WeightsPath = "resnet50.safetensors", RandomSeed = 0 }.Faults());
    }

    private static Tensor Channels(float[] values) => torch.tensor(values).view(1, 3, 1, 1);

    // Names written out here, not taken from the code under test.
    private static Dictionary<string, Tensor> RandomWeights(ResNetArchitecture architecture)
    {
        var all = new Dictionary<string, Tensor>();
        var seed = 100;
        Add("conv1", "bn1", 64, 3, 7);
        var (blocks, expansion) = Shape(architecture);
        var inputs = 64;
        for (var stage = 1; stage <= 4; stage++)
        {
            var width = 64 * (1 << (stage - 1));
            for (var block = 0; block < blocks[stage - 1]; block++)
            {
                var name = $"layer{stage}.{block}";
                if (expansion == 4)
                {
                    Add($"{name}.conv1", $"{name}.bn1", width, inputs, 1);
                    Add($"{name}.conv2", $"{name}.bn2", width, width, 3);
                    Add($"{name}.conv3", $"{name}.bn3", 4 * width, width, 1);
                }
                else
                {
                    Add($"{name}.conv1", $"{name}.bn1", width, inputs, 3);
                    Add($"{name}.conv2", $"{name}.bn2", width, width, 3);
                }

                if (block == 0 && (stage > 1 || expansion == 4))
                {
                    Add($"{name}.downsample.0", $"{name}.downsample.1", expansion * width, inputs, 1);
                }

                inputs = expansion * width;
            }
        }

        all["fc.weight"] = torch.zeros(10, inputs);
        all["fc.bias"] = torch.zeros(10);
        return all;

        void Add(string conv, string norm, int o, int i, int k)
        {
            all[$"{conv}.weight"] = FakeBackbone.Values(seed++, ScalarType.Float32, o, i, k, k) * Math.Sqrt(3.0 / (i * k * k));
            all[$"{norm}.weight"] = (FakeBackbone.Values(seed++, ScalarType.Float32, o) * 0.3) + 1;
            all[$"{norm}.bias"] = FakeBackbone.Values(seed++, ScalarType.Float32, o) * 0.2;
            all[$"{norm}.running_mean"] = FakeBackbone.Values(seed++, ScalarType.Float32, o) * 0.2;
            all[$"{norm}.running_var"] = (FakeBackbone.Values(seed++, ScalarType.Float32, o) * 0.5) + 1;
            all[$"{norm}.num_batches_tracked"] = torch.tensor(7L);
        }
    }

    private static (int[] Blocks, int Expansion) Shape(ResNetArchitecture architecture) =>
        architecture == ResNetArchitecture.ResNet18 ? ([2, 2, 2, 2], 1) : ([3, 4, 6, 3], 4);

    private static List<Tensor> Reference(ResNetArchitecture architecture, MemoryWeightFile file, Tensor pixels)
    {
        var (blocks, expansion) = Shape(architecture);
        var levels = new List<Tensor>();
        var mean = torch.tensor(new[] { 0.485f, 0.456f, 0.406f }).view(1, 3, 1, 1);
        var std = torch.tensor(new[] { 0.229f, 0.224f, 0.225f }).view(1, 3, 1, 1);
        var x = F.relu(Step((pixels - mean) / std, "conv1", "bn1", 2, 3));
        levels.Add(x.mean([2, 3]));
        x = F.max_pool2d(x, 3, stride: 2, padding: 1);
        for (var stage = 1; stage <= 4; stage++)
        {
            for (var block = 0; block < blocks[stage - 1]; block++)
            {
                var name = $"layer{stage}.{block}";
                var stride = block == 0 && stage > 1 ? 2 : 1;
                Tensor y;
                if (expansion == 4)
                {
                    y = F.relu(Step(x, $"{name}.conv1", $"{name}.bn1", 1, 0));
                    y = F.relu(Step(y, $"{name}.conv2", $"{name}.bn2", stride, 1));
                    y = Step(y, $"{name}.conv3", $"{name}.bn3", 1, 0);
                }
                else
                {
                    y = F.relu(Step(x, $"{name}.conv1", $"{name}.bn1", stride, 1));
                    y = Step(y, $"{name}.conv2", $"{name}.bn2", 1, 1);
                }

                x = F.relu(y + (file.Tensors.ContainsKey($"{name}.downsample.0.weight")
                    ? Step(x, $"{name}.downsample.0", $"{name}.downsample.1", stride, 0) : x));
            }

            levels.Add(x.mean([2, 3]));
        }

        return levels;

        Tensor Step(Tensor input, string conv, string norm, long stride, long padding) => F.batch_norm(
            F.conv2d(input, file.Read($"{conv}.weight"), null, [stride, stride], [padding, padding]),
            file.Read($"{norm}.running_mean"), file.Read($"{norm}.running_var"), file.Read($"{norm}.weight"), file.Read($"{norm}.bias"), training: false);
    }
}
