using System.Collections.Concurrent;
using MfpClip.Tensors;

namespace MfpClip.Kernels;

/// <summary>Weight <c>[O, I]</c> and bias <c>[O]</c> of a frozen linear layer, with what kernels once made of them. Does not own weight and bias.</summary>
internal sealed class LinearLayer : IDisposable
{
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<object, Tensor> _packed = new();
    private readonly Func<Tensor> _weight;
    private readonly (ParameterSet Set, string Name)? _source;

    public LinearLayer(Tensor weight, Tensor bias)
        : this(() => weight, bias, weight.shape)
    {
    }

    /// <param name="parameters">Whose the weight is; it can be released (<see cref="Keep"/>).</param>
    /// <param name="weight">Name of the weight.</param>
    /// <param name="bias">Name of the bias.</param>
    public LinearLayer(ParameterSet parameters, string weight, string bias)
        : this(() => parameters[weight], parameters[bias], parameters[weight].shape) => _source = (parameters, weight);

    private LinearLayer(Func<Tensor> weight, Tensor bias, long[] shape) => (_weight, Bias, Outputs, Inputs) = (weight, bias, shape[0], shape[1]);

    /// <summary>O.</summary>
    public long Outputs { get; }

    /// <summary>I.</summary>
    public long Inputs { get; }

    /// <summary>The weight; made again where it was released.</summary>
    public Tensor Weight => _weight();

    public Tensor Bias { get; }

    /// <summary>The kernel whose packed weight is the only one that is held; <see langword="null"/>: any kernel may serve.</summary>
    public IPackedLinearKernel? Kept { get; private set; }

    /// <summary>What a kernel makes of this layer once, made at its first use and kept as long as the layer. Safe for concurrent callers.</summary>
    /// <param name="kernel">Who makes it; each keeps one tensor.</param>
    /// <param name="make">Makes it, of weight or bias.</param>
    public Tensor Packed(object kernel, Func<LinearLayer, Tensor> make)
    {
        if (_packed.TryGetValue(kernel, out var kept))
        {
            return kept;
        }

        lock (_gate)
        {
            return _packed.GetOrAdd(kernel, _ => make(this).DetachFromDisposeScope());
        }
    }

    /// <summary>Packs the weight for a kernel, which serves from now on, and releases it. Not beside other callers.</summary>
    /// <param name="kernel">Gives the weight back when somebody needs it after all.</param>
    /// <param name="rows">Rows of the products to come.</param>
    public void Keep(IPackedLinearKernel kernel, long rows)
    {
        if (_source is not var (parameters, name) || Kept is not null)
        {
            return;
        }

        using var scope = torch.NewDisposeScope();
        var weight = Weight;
        var packed = kernel.Pack(this, rows);
        foreach (object other in _packed.Keys.Where(k => k is IPackedLinearKernel).ToList())
        {
            _packed.Remove(other, out var made);
            made?.Dispose();
        }

        // Where the weight was, so that nothing of the allocator's memory is left unused between layers.
        bool fits = kernel.IsPlainMemory && packed.numel() == weight.numel() && packed.dtype == weight.dtype && weight.is_contiguous();
        var precision = weight.dtype;
        var kept = _packed[kernel] = (fits ? weight.view(-1).copy_(packed.view(-1)).alias() : packed).DetachFromDisposeScope();
        Kept = kernel;
        parameters.Release(name, () => kernel.Unpack(kept, Outputs, Inputs, precision));
    }

    public void Dispose()
    {
        foreach (var packed in _packed.Values)
        {
            packed.Dispose();
        }

        _packed.Clear();
    }
}
