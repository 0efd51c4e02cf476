using MfpClip.Kernels;
using MfpClip.Weights;

namespace MfpClip.Backbones.Cnn;

/// <summary>EfficientNet-Lite0 or its first blocks, frozen, batch norm folded. Owns its weights; safe for concurrent callers.</summary>
internal sealed class EfficientNetLite : IDisposable
{
    private readonly Dictionary<string, (ConvolutionLayer Layer, EfficientNetLiteLayout.Convolution Convolution)> _layers = new(StringComparer.Ordinal);
    private readonly int _blocks;
    private readonly Lock _gate = new();
    private InvertedResidual[]? _fused; // the blocks, the stem inside the first
    private RowProduct? _fusedHead;
    private bool _disposed;

    private EfficientNetLite(int blocks, bool head, Dictionary<string, (Tensor Weight, Tensor Bias)> weights)
    {
        _blocks = blocks;
        foreach (var c in EfficientNetLiteLayout.Convolutions(blocks, head))
        {
            // Stride 2 is padded before, unevenly.
            _layers.Add(c.Name, (new(weights[c.Name].Weight, weights[c.Name].Bias, c.Stride, c.Stride == 2 ? 0 : c.Kernel / 2, c.Depthwise ? c.Inputs : 1), c));
        }
    }

    /// <summary>Mean and deviation of each colour in [0,1] that the network was trained with: <c>(x - 127) / 128</c> on 0 to 255.</summary>
    public static (float[] Mean, float[] Std) Normalization => ([127f / 255, 127f / 255, 127f / 255], [128f / 255, 128f / 255, 128f / 255]);

    /// <summary>Number of values, after folding.</summary>
    public long Count => _layers.Values.Sum(l => l.Layer.Weight.numel() + l.Layer.Bias.numel());

    /// <summary>All tensors, for checks that nothing changed them.</summary>
    public IReadOnlyList<KeyValuePair<string, Tensor>> Weights =>
        [.. _layers.SelectMany(l => new KeyValuePair<string, Tensor>[]
        {
            new($"{l.Key}.weight", l.Value.Layer.Weight), new($"{l.Key}.bias", l.Value.Layer.Bias),
        })];

    /// <summary>The first blocks, and the head if asked for, from a checked file.</summary>
    public static EfficientNetLite Load(IWeightFile file, string prefix, int blocks, bool head) =>
        new(blocks, head, EfficientNetLiteWeights.Read(file, prefix, blocks, head));

    /// <summary>Runs the network.</summary>
    /// <param name="images">Normalised with <see cref="Normalization"/>, <c>[B, 3, H, W]</c>.</param>
    /// <param name="taps">Blocks whose outputs are wanted, rising.</param>
    /// <returns>The output of each tap after its skip connection, <c>[B, C, h, w]</c>; they belong to the caller's scope.</returns>
    public IReadOnlyList<Tensor> Run(Tensor images, IReadOnlyList<int> taps)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var outputs = new List<Tensor>(taps.Count);
        var fused = InvertedResidual.Serves(images) ? Fused() : null;
        var x = fused is null ? Convolve("stem", ConvolutionLayer.ChannelsLast(images)) : images.alias();
        for (int i = 0; i < _blocks && outputs.Count < taps.Count; i++)
        {
            var next = fused is null ? RunBlock(EfficientNetLiteLayout.Blocks[i], x) : fused[i].Apply(x);
            if (i == 0 || !taps.Contains(i - 1))
            {
                x.Dispose();
            }

            x = next;
            if (taps.Contains(i))
            {
                outputs.Add(x);
            }
        }

        return [.. outputs.Select(o => o.MoveToOuterDisposeScope())];
    }

    /// <summary>The last convolution with its activation on the last block's output: <c>[B, 320, h, w]</c> to <c>[B, 1280, h, w]</c>.</summary>
    public Tensor RunHead(Tensor last)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        return (InvertedResidual.Serves(last) ? SmallLinear.Convolve(last, FusedHead()) : Convolve("head", last)).MoveToOuterDisposeScope();
    }

    /// <summary>Moves the weights.</summary>
    public void To(Device device)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ForgetFused();
        foreach (var (layer, _) in _layers.Values)
        {
            layer.To(device);
        }
    }

    public void Dispose()
    {
        _disposed = true;
        ForgetFused();
        foreach (var (layer, _) in _layers.Values)
        {
            layer.Dispose();
        }
    }

    private InvertedResidual[] Fused()
    {
        lock (_gate)
        {
            return _fused ??= [.. EfficientNetLiteLayout.Blocks.Take(_blocks).Select(Fuse)];
        }
    }

    private RowProduct FusedHead()
    {
        lock (_gate)
        {
            return _fusedHead ??= new(_layers["head"].Layer.Weight, _layers["head"].Layer.Bias, limited: true);
        }
    }

    private InvertedResidual Fuse(EfficientNetLiteLayout.Block block)
    {
        bool isFirst = block.Index == 0; // it has no expansion
        return new(Product(isFirst ? "stem" : $"blocks.{block.Index}.expand"), Depthwise(), Product($"blocks.{block.Index}.project"), block.HasSkip, isFirst);

        RowProduct Product(string name) => new(_layers[name].Layer.Weight, _layers[name].Layer.Bias, _layers[name].Convolution.Activated);

        DepthwiseRows Depthwise()
        {
            var (layer, convolution) = _layers[$"blocks.{block.Index}.depthwise"];
            return new(layer.Weight, layer.Bias, convolution.Stride, convolution.Activated);
        }
    }

    private void ForgetFused()
    {
        foreach (var block in _fused ?? [])
        {
            block.Dispose();
        }

        _fusedHead?.Dispose();
        (_fused, _fusedHead) = (null, null);
    }

    private Tensor RunBlock(EfficientNetLiteLayout.Block block, Tensor x)
    {
        using var scope = torch.NewDisposeScope();
        var y = x;
        foreach (var c in block.Convolutions)
        {
            y = Convolve(c.Name, y);
        }

        return (block.HasSkip ? y.add_(x) : y).MoveToOuterDisposeScope();
    }

    private Tensor Convolve(string name, Tensor x)
    {
        using var scope = torch.NewDisposeScope();
        var (layer, c) = _layers[name];
        if (c.Stride == 2)
        {
            // TensorFlow's SAME: the smaller half in front, so for stride 2 and an even side nothing before a 3 x 3 kernel and one behind.
            var (top, bottom) = Same(x.shape[2], c.Kernel);
            var (left, right) = Same(x.shape[3], c.Kernel);
            x = F.pad(x, [left, right, top, bottom]);
        }

        return layer.Apply(x, c.Activated ? ConvolutionActivation.Relu6 : ConvolutionActivation.None).MoveToOuterDisposeScope();
    }

    private static (long Before, long After) Same(long n, int kernel)
    {
        long total = Math.Max((((n + 1) / 2) - 1) * 2 + kernel - n, 0);
        return (total / 2, total - (total / 2));
    }
}
