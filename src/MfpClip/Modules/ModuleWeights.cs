using MfpClip.Kernels;
using MfpClip.Tensors;

namespace MfpClip.Modules;

/// <summary>The trainable tensors of one module by name, in the order in which they were added. Owns them.</summary>
/// <remarks>
/// They start without <c>requires_grad</c>, so that inference builds no graph; training switches it on. Adding, moving and loading
/// happen before the first use and are not safe during a running forward pass; reading is.
/// </remarks>
internal sealed class ModuleWeights : IDisposable
{
    private readonly List<KeyValuePair<string, Tensor>> _ordered = [];
    private readonly Dictionary<string, int> _index = new(StringComparer.Ordinal);
    private bool _disposed;

    /// <summary>All tensors in order.</summary>
    public IReadOnlyList<KeyValuePair<string, Tensor>> Ordered => _ordered;

    /// <summary>The tensor of that name.</summary>
    /// <exception cref="ObjectDisposedException">The module was disposed.</exception>
    public Tensor this[string name]
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _ordered[_index[name]].Value;
        }
    }

    /// <summary>Precision of the tensors; modules compute in it. float32 where there are none.</summary>
    public ScalarType Precision => _ordered.Count == 0 ? ScalarType.Float32 : _ordered[0].Value.dtype;

    /// <summary>Whether large products without gradients are taken in bfloat16, from and to the modules' own format: where the towers are bfloat16.</summary>
    public bool BFloat16Compute { get; set; }

    /// <summary>Takes over a tensor.</summary>
    public void Add(string name, Tensor value)
    {
        _index.Add(name, _ordered.Count);
        _ordered.Add(new(name, value.DetachFromDisposeScope()));
    }

    /// <summary>Adds <c>{name}.weight</c> <c>[outputs, inputs]</c> and <c>{name}.bias</c> with PyTorch's initialization.</summary>
    public void AddLinear(ParameterInitializer initializer, string prefix, string name, long inputs, long outputs)
    {
        Add($"{name}.weight", initializer.Uniform($"{prefix}.{name}.weight", inputs, outputs, inputs));
        Add($"{name}.bias", initializer.Uniform($"{prefix}.{name}.bias", inputs, outputs));
    }

    /// <summary>Adds a square convolution's weight <c>[outputs, inputs / groups, kernel, kernel]</c> and bias.</summary>
    public void AddConvolution(ParameterInitializer initializer, string prefix, string name, long inputs, long outputs, long kernel, long groups = 1)
    {
        var fanIn = inputs / groups * kernel * kernel;
        Add($"{name}.weight", initializer.Uniform($"{prefix}.{name}.weight", fanIn, outputs, inputs / groups, kernel, kernel));
        Add($"{name}.bias", initializer.Uniform($"{prefix}.{name}.bias", fanIn, outputs));
    }

    /// <summary>Applies the linear layer of that name to the last axis; the result has the dtype of the weights.</summary>
    public Tensor Linear(string name, Tensor input)
    {
        using var scope = torch.NewDisposeScope();
        var (weight, bias) = (this[$"{name}.weight"], this[$"{name}.bias"]);
        if (Half(input))
        {
            // Weights are brought to bfloat16 each time: training may have changed them, and it takes a tenth of a millisecond.
            return FlatLinear.Apply(input.to_type(ScalarType.BFloat16), weight.to_type(ScalarType.BFloat16), bias.to_type(ScalarType.BFloat16))
                .to_type(weight.dtype).MoveToOuterDisposeScope();
        }

        var x = input.to_type(weight.dtype);
        if (SmallLinear.Serves(x, weight))
        {
            return SmallLinear.Apply(x, weight, bias).MoveToOuterDisposeScope();
        }

        bool convolve = !torch.is_grad_enabled() && ConvolutionLinear.IsFaster(x);
        return (convolve ? ConvolutionLinear.Apply(x, weight, bias) : FlatLinear.Apply(x, weight, bias)).MoveToOuterDisposeScope();
    }

    /// <summary>Applies the convolution of that name to <c>[B, I, H, W]</c>.</summary>
    public Tensor Convolution(string name, Tensor input, long padding)
    {
        using var scope = torch.NewDisposeScope();
        var (weight, bias) = (this[$"{name}.weight"], this[$"{name}.bias"]);
        return (Half(input)
            ? F.conv2d(input.to_type(ScalarType.BFloat16), weight.to_type(ScalarType.BFloat16), bias.to_type(ScalarType.BFloat16), padding: [padding, padding])
                .to_type(weight.dtype)
            : F.conv2d(input, weight, bias, padding: [padding, padding])).MoveToOuterDisposeScope();
    }

    // Few values are not worth the rounding.
    private bool Half(Tensor input) => BFloat16Compute && !torch.is_grad_enabled() && input.numel() >= 1 << 16;

    /// <summary>Moves all tensors, keeping <c>requires_grad</c>.</summary>
    public void To(Device device, ScalarType? precision = null)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        using var guard = torch.no_grad();
        for (var i = 0; i < _ordered.Count; i++)
        {
            var (name, old) = _ordered[i];
            var type = precision ?? old.dtype;
            if (old.dtype == type && old.device_type == device.type && (device.index < 0 || old.device_index == device.index))
            {
                continue;
            }

            using var scope = torch.NewDisposeScope();
            var moved = old.detach().to(type, device, copy: true).requires_grad_(old.requires_grad).DetachFromDisposeScope();
            _ordered[i] = new(name, moved);
            old.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        foreach (var (_, tensor) in _ordered)
        {
            tensor.Dispose();
        }
    }
}
