using MfpClip.Execution;
using MfpClip.Files;
using MfpClip.Kernels;
using MfpClip.Tensors;
using MfpClip.Weights;

namespace MfpClip.Backbones.Cnn;

/// <summary>A frozen residual network of torchvision's form; f is the global average of its last map (docs/method.md section 1, reconstructed).</summary>
/// <remarks>Level 1 is the stem after its activation, before max pooling; levels 2 to 5 are the four stages' outputs.</remarks>
internal sealed class ResNetFeatureExtractor : ICnnFeatureExtractor, IFrozenNetwork, IBFloat16Compute
{
    private static readonly float[] ImageNetMean = [0.485f, 0.456f, 0.406f];
    private static readonly float[] ImageNetStd = [0.229f, 0.224f, 0.225f];

    private readonly ResNetArchitecture _architecture;
    private readonly Dictionary<string, ConvolutionLayer> _layers;
    private readonly WeightsDescription _description;
    private Tensor _mean = Channels(ImageNetMean);
    private Tensor _std = Channels(ImageNetStd);
    private ScalarType _precision = ScalarType.Float32;
    private bool _disposed;

    private ResNetFeatureExtractor(
        ResNetArchitecture architecture, Dictionary<string, (Tensor Weight, Tensor Bias)> weights, string source, string? sha256)
    {
        _architecture = architecture;
        _layers = ResNetLayout.Convolutions(architecture).ToDictionary(
            c => c.Name, c => new ConvolutionLayer(weights[c.Name].Weight, weights[c.Name].Bias, c.Stride, c.Padding), StringComparer.Ordinal);
        _description = new(source, sha256 ?? HashTensors(), _layers.Values.Sum(l => l.Weight.numel() + l.Bias.numel()));
    }

    /// <inheritdoc/>
    public int FeatureDim => LevelDims[^1];

    /// <inheritdoc/>
    public IReadOnlyList<int> LevelDims => ResNetLayout.LevelDims(_architecture);

    /// <inheritdoc/>
    public IReadOnlyList<KeyValuePair<string, Tensor>> FrozenWeights => [.. _layers.OrderBy(l => l.Key, StringComparer.Ordinal).SelectMany(
        l => new KeyValuePair<string, Tensor>[] { new($"{l.Key}.weight", l.Value.Weight), new($"{l.Key}.bias", l.Value.Bias) })];

    /// <summary>With weights from an opened file.</summary>
    /// <exception cref="WeightsException">The file does not hold this network.</exception>
    public static ResNetFeatureExtractor Load(ResNetArchitecture architecture, IWeightFile file) =>
        new(architecture, ResNetWeights.Read(architecture, file), file.Path, file.ComputeSha256());

    /// <summary>With random weights: only where somebody asks for exactly that.</summary>
    public static ResNetFeatureExtractor CreateRandom(ResNetArchitecture architecture, long seed) =>
        new(architecture, ResNetWeights.Random(architecture, seed), $"random (seed {seed})", null);

    /// <inheritdoc/>
    public CnnFeatures Extract(Tensor pixels)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad(); // frozen: nothing before the adapters is trained
        var levels = new List<Tensor>(5);
        var normalised = (pixels - _mean) / _std;
        var x = _layers["conv1"].Apply(ConvolutionLayer.ChannelsLast(normalised.to_type(_precision)), ConvolutionActivation.Relu); // [B, 64, H/2, W/2]
        levels.Add(Pool(x));
        x = F.max_pool2d(x, 3, stride: 2, padding: 1); // [B, 64, H/4, W/4]
        for (var stage = 1; stage <= 4; stage++)
        {
            for (var block = 0; block < ResNetLayout.Blocks(_architecture)[stage - 1]; block++)
            {
                x = Block($"layer{stage}.{block}", x);
            }

            levels.Add(Pool(x));
        }

        return new(levels[^1].alias().MoveToOuterDisposeScope(), [.. levels.Select(l => l.MoveToOuterDisposeScope())]);
    }

    /// <inheritdoc/>
    public StageDescription Describe() => new()
    {
        Id = "cnn",
        Implementation = "resnet",
        Settings = SettingsJson.Of(new { Architecture = _architecture }),
        Stage = "CNN features",
        Component = _architecture == ResNetArchitecture.ResNet18 ? "ResNet-18" : "ResNet-50",
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

    // x is written over: nobody reads it afterwards.
    private Tensor Block(string name, Tensor x)
    {
        using var scope = torch.NewDisposeScope();
        var shortcut = _layers.TryGetValue($"{name}.downsample.0", out var downsample) ? downsample.Apply(x) : x;
        var y = _layers[$"{name}.conv1"].Apply(x, ConvolutionActivation.Relu);
        if (ResNetLayout.IsBottleneck(_architecture))
        {
            y = _layers[$"{name}.conv2"].Apply(y, ConvolutionActivation.Relu);
        }

        return _layers[ResNetLayout.IsBottleneck(_architecture) ? $"{name}.conv3" : $"{name}.conv2"].ApplyAdd(y, shortcut).MoveToOuterDisposeScope();
    }

    private string HashTensors() => TensorHash.OfValues(
        _layers.OrderBy(l => l.Key, StringComparer.Ordinal).SelectMany(l => new[] { l.Value.Weight, l.Value.Bias }));
}
