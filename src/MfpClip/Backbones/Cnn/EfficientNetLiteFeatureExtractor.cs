using System.Globalization;
using MfpClip.Files;
using MfpClip.Weights;

namespace MfpClip.Backbones.Cnn;

/// <summary>EfficientNet-Lite0 as the CNN of I2TP and SP: f is the global average of its head's 1,280 maps, levels are those of five strides.</summary>
public sealed class EfficientNetLiteFeatureExtractor : ICnnFeatureExtractor, ICnnFeatureMaps, IFrozenNetwork
{
    private static readonly int[] LevelBlocks = [0, 2, 4, 10, 15];
    private static readonly CnnMap[] Levels =
        [.. LevelBlocks.Select((b, i) => new CnnMap($"level{i + 1}", EfficientNetLiteLayout.Blocks[b].Outputs, 2 << i))];

    private readonly EfficientNetLite _network;
    private readonly WeightsDescription _description;
    private readonly int? _inputSize;

    private EfficientNetLiteFeatureExtractor(EfficientNetLite network, int? inputSize, string source, string sha256) =>
        (_network, _inputSize, _description) = (network, inputSize, new(source, sha256, network.Count));

    /// <inheritdoc/>
    public int FeatureDim => EfficientNetLiteLayout.HeadWidth;

    /// <inheritdoc/>
    public IReadOnlyList<int> LevelDims { get; } = [.. LevelBlocks.Select(b => EfficientNetLiteLayout.Blocks[b].Outputs)];

    /// <inheritdoc/>
    /// <remarks>"level1" to "level5", at strides 2 to 32; always read at the images' own size.</remarks>
    public IReadOnlyList<CnnMap> Maps => Levels;

    /// <inheritdoc/>
    public (float[] Mean, float[] Std) Normalization => EfficientNetLite.Normalization;

    /// <inheritdoc/>
    public Device Device => _network.Weights[0].Value.device;

    /// <inheritdoc/>
    public IReadOnlyList<KeyValuePair<string, Tensor>> FrozenWeights => _network.Weights;

    /// <summary>The network's own file.</summary>
    /// <param name="file">EfficientNet-Lite0 under its own names; stays the caller's.</param>
    /// <param name="inputSize">Side in pixels to which images are resized before; <see langword="null"/>: the images' own.</param>
    /// <exception cref="WeightsException">The file does not hold this network.</exception>
    public static EfficientNetLiteFeatureExtractor Load(IWeightFile file, int? inputSize)
    {
        EfficientNetLiteWeights.Check(file);
        return Load(file, string.Empty, inputSize);
    }

    /// <summary>From a checked file that holds the network under a prefix.</summary>
    internal static EfficientNetLiteFeatureExtractor Load(IWeightFile file, string prefix, int? inputSize) =>
        new(EfficientNetLite.Load(file, prefix, EfficientNetLiteLayout.Blocks.Count, head: true), inputSize, Path.GetFileName(file.Path), file.ComputeSha256());

    /// <summary>With random weights: only where somebody asks for exactly that.</summary>
    internal static EfficientNetLiteFeatureExtractor CreateRandom(long seed, int? inputSize)
    {
        using var scope = torch.NewDisposeScope();
        using var file = new TensorWeightFile($"random (seed {seed})", EfficientNetLiteWeights.Random(EfficientNetLiteLayout.Blocks.Count, head: true, seed));
        return Load(file, string.Empty, inputSize);
    }

    /// <inheritdoc/>
    public CnnFeatures Extract(Tensor pixels)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad(); // frozen: nothing before the adapters is trained
        if (_inputSize is { } size && (pixels.shape[2] != size || pixels.shape[3] != size))
        {
            pixels = F.adaptive_avg_pool2d(pixels, [size, size]);
        }

        var (mean, std) = EfficientNetLite.Normalization;
        var maps = _network.Run((pixels - mean[0]) / std[0], LevelBlocks);
        var pooled = _network.RunHead(maps[^1]).mean([2, 3]);
        return new(pooled.MoveToOuterDisposeScope(), [.. maps.Select(m => m.mean([2, 3]).MoveToOuterDisposeScope())]);
    }

    /// <inheritdoc/>
    public IReadOnlyList<Tensor> ExtractMaps(Tensor images, IReadOnlyList<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        var places = CnnMap.Find(Levels, names, "EfficientNet-Lite0");
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var maps = _network.Run(images.to(Device), LevelBlocks[..(places.Max() + 1)]);
        return [.. places.Select(p => maps[p].to(ScalarType.Float32, copy: true).contiguous().MoveToOuterDisposeScope())];
    }

    /// <inheritdoc/>
    public StageDescription Describe() => new()
    {
        Id = "cnn",
        Implementation = "efficientnet-lite0",
        Settings = SettingsJson.Of(new { InputSize = _inputSize }),
        Stage = "CNN features",
        Component = "EfficientNet-Lite0",
        Options = new Dictionary<string, string>
        {
            ["normalisation"] = "(x - 127) / 128",
            ["pooling"] = "global average",
            ["input size"] = _inputSize is { } size ? size.ToString(CultureInfo.InvariantCulture) : "as the detector's",
        },
        Weights = [_description],
    };

    /// <inheritdoc/>
    public void To(Device device) => _network.To(device);

    /// <inheritdoc/>
    public void Dispose() => _network.Dispose();
}
