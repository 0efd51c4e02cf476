using MfpClip.Native;

namespace MfpClip.Kernels;

/// <summary>
/// A frozen convolution with bias, for maps in channels-last order. On the CPU, where this libtorch can, its kernel is packed once and the
/// activation and the addition of a shortcut are part of it; elsewhere they are operators of their own. Owns its tensors. Safe for concurrent callers.
/// </summary>
internal sealed class ConvolutionLayer : IDisposable
{
    private readonly Lock _gate = new();
    private readonly long _stride;
    private readonly long _padding;
    private readonly long _groups;
    private Tensor _weight;
    private Tensor _bias;
    private ScalarType _precision = ScalarType.Float32;
    private (Tensor Weight, Tensor Bias)? _used; // in the layout and precision that is computed with
    private bool _packed;

    public ConvolutionLayer(Tensor weight, Tensor bias, long stride, long padding, long groups = 1) =>
        (_weight, _bias, _stride, _padding, _groups) = (weight, bias, stride, padding, groups);

    /// <summary>Kernel <c>[O, I / groups, k, k]</c>, float32.</summary>
    public Tensor Weight => _weight;

    /// <summary>Bias <c>[O]</c>, float32.</summary>
    public Tensor Bias => _bias;

    /// <summary>The convolution of <c>[B, I, H, W]</c>, then the activation.</summary>
    public Tensor Apply(Tensor x, ConvolutionActivation activation = ConvolutionActivation.None)
    {
        var (weight, bias) = Prepare(x);
        if (_packed)
        {
            return OneDnnScript.Convolution(x, weight, bias, _padding, _stride, _groups, activation);
        }

        var y = F.conv2d(x, weight, bias, [_stride, _stride], [_padding, _padding], groups: _groups);
        return activation switch
        {
            ConvolutionActivation.Relu => y.relu_(),
            ConvolutionActivation.Relu6 => y.clamp_(0, 6),
            _ => y,
        };
    }

    /// <summary>ReLU of the convolution (of one group) plus <paramref name="shortcut"/>, which may be written over.</summary>
    public Tensor ApplyAdd(Tensor x, Tensor shortcut)
    {
        var (weight, bias) = Prepare(x);
        return _packed
            ? OneDnnScript.ConvolutionAdd(x, shortcut, weight, bias, _padding, _stride)
            : F.conv2d(x, weight, bias, [_stride, _stride], [_padding, _padding]).add_(shortcut).relu_();
    }

    /// <summary>Precision of inputs and outputs from now on. Not during a running call.</summary>
    public void UsePrecision(ScalarType precision)
    {
        _precision = precision;
        Forget();
    }

    /// <summary>Moves the layer. Not during a running call.</summary>
    public void To(Device device)
    {
        (_weight, _bias) = (Move(_weight, device), Move(_bias, device));
        Forget();
    }

    public void Dispose()
    {
        Forget();
        _weight.Dispose();
        _bias.Dispose();
    }

    private static Tensor Move(Tensor tensor, Device device)
    {
        using var scope = torch.NewDisposeScope();
        var moved = tensor.to(device, copy: true).DetachFromDisposeScope();
        tensor.Dispose();
        return moved;
    }

    private (Tensor Weight, Tensor Bias) Prepare(Tensor x)
    {
        lock (_gate)
        {
            if (_used is null)
            {
                using var scope = torch.NewDisposeScope();
                using var guard = torch.no_grad();
                _packed = x.device.type == DeviceType.CPU && OneDnnScript.IsAvailable
                    && (_precision == ScalarType.Float32 || !OneDnnInstructions.ExcludesBFloat16);
                var weight = _weight.to_type(_precision);
                _used = ((_packed ? OneDnnScript.PackConvolution(weight, _padding, _stride, _groups, x.shape) : ChannelsLast(weight)).DetachFromDisposeScope(),
                    _bias.to(_precision, copy: true).DetachFromDisposeScope());
            }

            return _used.Value;
        }
    }

    /// <summary>The same values with channels last in memory.</summary>
    public static Tensor ChannelsLast(Tensor x) => x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);

    private void Forget()
    {
        _used?.Weight.Dispose();
        _used?.Bias.Dispose();
        _used = null;
    }
}

/// <summary>What follows a convolution.</summary>
internal enum ConvolutionActivation
{
    None,
    Relu,
    Relu6,
}
