using System.Collections.Concurrent;

namespace MfpClip.Backbone.Kernels;

/// <summary>Weight <c>[O, I]</c> and bias <c>[O]</c> of a frozen linear layer, with what kernels once made of the weight. Does not own weight and bias.</summary>
internal sealed class LinearLayer(Tensor weight, Tensor bias) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<ILinearKernel, Tensor> _packed = new();
    private volatile Tensor? _derived;

    public Tensor Weight { get; } = weight;

    public Tensor Bias { get; } = bias;

    /// <summary>The weight in a kernel's own layout, made at its first use and kept as long as the layer. Safe for concurrent callers.</summary>
    public Tensor Packed(ILinearKernel kernel, Func<Tensor, Tensor> pack)
    {
        if (_packed.TryGetValue(kernel, out var kept))
        {
            return kept;
        }

        lock (_gate)
        {
            return _packed.GetOrAdd(kernel, _ => pack(Weight).DetachFromDisposeScope());
        }
    }

    /// <summary>What is made of this layer once, by one maker, and kept as long as it. Safe for concurrent callers.</summary>
    public Tensor Derived(Func<LinearLayer, Tensor> make)
    {
        if (_derived is { } kept)
        {
            return kept;
        }

        lock (_gate)
        {
            return _derived ??= make(this).DetachFromDisposeScope();
        }
    }

    public void Dispose()
    {
        _derived?.Dispose();
        foreach (var packed in _packed.Values)
        {
            packed.Dispose();
        }

        _packed.Clear();
    }
}
