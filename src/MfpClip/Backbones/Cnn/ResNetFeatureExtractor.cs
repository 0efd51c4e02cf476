using MfpClip.Execution;
using MfpClip.Files;
using MfpClip.Kernels;
using MfpClip.Tensors;
using MfpClip.Weights;

namespace MfpClip.Backbones.Cnn;

/// <summary>A frozen residual network of torchvision's form; f is the global average of its last map (docs/method.md section 1, reconstructed).</summary>
/// <remarks>
/// Level 1 is the stem after its activation, before max pooling; levels 2 to 5 are the four stages' outputs, which it also gives as maps.
/// </remarks>
internal sealed class ResNetFeatureExtractor : ICnnFeatureExtractor, ICnnFeatureMaps, IFrozenNetwork, IBFloat16Compute
{
    private static readonly float[] ImageNetMean = [0.485f, 0.456f, 0.406f];
    private static readonly float[] ImageNetStd = [0.229f, 0.224f, 0.225f];

    private readonly ResNetLayout _layout;
    private readonly Dictionary<string, ConvolutionLayer> _layers;
    private readonly WeightsDescription _description;
    private Tensor _mean = Channels(ImageNetMean);
    private Tensor _std = Channels(ImageNetStd);
    private ScalarType _precision = ScalarType.Float32;
    private bool _disposed;

    private ResNetFeatureExtractor(
        ResNetLayout layout, Dictionary<string, (Tensor Weight, Tensor Bias)> weights, string source, string? sha256)
    {
        _layout = layout;
        _layers = layout.Convolutions.ToDictionary(
            c => c.Name, c => new ConvolutionLayer(weights[c.Name].Weight, weights[c.Name].Bias, c.Stride, c.Padding, c.Groups), StringComparer.Ordinal);
        Maps = [.. layout.LevelDims.Skip(1).Select((c, i) => new CnnMap($"layer{i + 1}", c, 4 << i))];
        _description = new(source, sha256 ?? HashTensors(), _layers.Values.Sum(l => l.Weight.numel() + l.Bias.numel()));
    }

    /// <inheritdoc/>
    public int FeatureDim => LevelDims[^1];

    /// <inheritdoc/>
    public IReadOnlyList<int> LevelDims => _layout.LevelDims;

    /// <inheritdoc/>
    public IReadOnlyList<CnnMap> Maps { get; }

    /// <inheritdoc/>
    public (float[] Mean, float[] Std) Normalization => (ImageNetMean, ImageNetStd);

    /// <inheritdoc/>
    public Device Device => _mean.device;

    /// <inheritdoc/>
    public IReadOnlyList<KeyValuePair<string, Tensor>> FrozenWeights => [.. _layers.OrderBy(l => l.Key, StringComparer.Ordinal).SelectMany(
        l => new KeyValuePair<string, Tensor>[] { new($"{l.Key}.weight", l.Value.Weight), new($"{l.Key}.bias", l.Value.Bias) })];

    /// <summary>With weights from an opened file.</summary>
    /// <exception cref="WeightsException">The file does not hold this network.</exception>
    public static ResNetFeatureExtractor Load(ResNetArchitecture architecture, IWeightFile file)
    {
        var (layout, weights) = ResNetWeights.Read(architecture, file);
        return new(layout, weights, file.Path, file.ComputeSha256());
    }

    /// <summary>With random weights: only where somebody asks for exactly that.</summary>
    public static ResNetFeatureExtractor CreateRandom(ResNetArchitecture architecture, long seed) =>
        new(ResNetLayout.Of(architecture), ResNetWeights.Random(ResNetLayout.Of(architecture), seed), $"random (seed {seed})", null);

    /// <inheritdoc/>
    public CnnFeatures Extract(Tensor pixels)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad(); // frozen: nothing before the adapters is trained
        var levels = new List<Tensor>(5);
        var x = Stem((pixels - _mean) / _std); // [B, 64, H/2, W/2]
        levels.Add(Pool(x));
        x = F.max_pool2d(x, 3, stride: 2, padding: 1); // [B, 64, H/4, W/4]
        for (int stage = 1; stage < LevelDims.Count; stage++)
        {
            levels.Add(Pool(x = Stage(stage, x)));
        }

        return new(levels[^1].alias().MoveToOuterDisposeScope(), [.. levels.Select(l => l.MoveToOuterDisposeScope())]);
    }

    /// <inheritdoc/>
    public IReadOnlyList<Tensor> ExtractMaps(Tensor images, IReadOnlyList<string> names)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentNullException.ThrowIfNull(names);
        var places = CnnMap.Find(Maps, names, _layout.Name);
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var maps = new List<Tensor>(places.Count);
        var x = F.max_pool2d(Stem(images.to(Device)), 3, stride: 2, padding: 1);
        for (int stage = 1; stage <= places.Max() + 1; stage++)
        {
            // A stage's first block projects its shortcut, so that nothing writes over the map of the stage before.
            maps.Add(x = Stage(stage, x));
        }

        return [.. places.Select(p => maps[p].to(ScalarType.Float32, copy: true).contiguous().MoveToOuterDisposeScope())];
    }

    /// <inheritdoc/>
    public StageDescription Describe() => new()
    {
        Id = "cnn",
        Implementation = "resnet",
        Settings = _layout.Named is { } architecture ? SettingsJson.Of(new { Architecture = architecture })
            : SettingsJson.Of(new { _layout.Blocks, _layout.IsBottleneck, _layout.LevelDims }),
        Stage = "CNN features",
        Component = _layout.Name,
        Options = new Dictionary<string, string> { ["normalisation"] = "ImageNet", ["pooling"] = "global average" },
        Weights = [_description],
    };

    /// <inheritdoc/>
    public void UseBFloat16(bool half)
    {
        _precision = half ? ScalarType.BFloat16 : ScalarType.Float32;
        foreach (var layer in _layers.Values)
        {
            layer.UsePrecision(_precision);
        }
    }

    /// <inheritdoc/>
    public void To(Device device)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        foreach (var layer in _layers.Values)
        {
            layer.To(device);
        }

        _mean = Move(_mean, device);
        _std = Move(_std, device);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        foreach (var layer in _layers.Values)
        {
            layer.Dispose();
        }

        _mean.Dispose();
        _std.Dispose();
    }

    private static Tensor Channels(float[] values) => torch.tensor(values, [1, values.Length, 1, 1]).DetachFromDisposeScope();

    private static Tensor Pool(Tensor map) => map.mean([2, 3], type: ScalarType.Float32);

    private static Tensor Move(Tensor tensor, Device device)
    {
        using var scope = torch.NewDisposeScope();
        var moved = tensor.to(device, copy: true).DetachFromDisposeScope();
        tensor.Dispose();
        return moved;
    }

    private Tensor Stem(Tensor normalised) =>
        _layers["conv1"].Apply(ConvolutionLayer.ChannelsLast(normalised.to_type(_precision)), ConvolutionActivation.Relu);

    private Tensor Stage(int stage, Tensor x)
    {
        for (int block = 0; block < _layout.Blocks[stage - 1]; block++)
        {
            x = Block($"layer{stage}.{block}", x);
        }

        return x;
    }

    // x is written over: nobody reads it afterwards.
    private Tensor Block(string name, Tensor x)
    {
        using var scope = torch.NewDisposeScope();
        var shortcut = _layers.TryGetValue($"{name}.downsample.0", out var downsample) ? downsample.Apply(x) : x;
        var y = _layers[$"{name}.conv1"].Apply(x, ConvolutionActivation.Relu);
        if (_layout.IsBottleneck)
        {
            y = _layers[$"{name}.conv2"].Apply(y, ConvolutionActivation.Relu);
        }

        return _layers[_layout.IsBottleneck ? $"{name}.conv3" : $"{name}.conv2"].ApplyAdd(y, shortcut).MoveToOuterDisposeScope();
    }

    private string HashTensors() => TensorHash.OfValues(
        _layers.OrderBy(l => l.Key, StringComparer.Ordinal).SelectMany(l => new[] { l.Value.Weight, l.Value.Bias }));
}
