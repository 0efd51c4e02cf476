using System.Collections.Concurrent;

namespace MfpClip.Kernels;

/// <summary>Weight <c>[O, I]</c> and bias <c>[O]</c> of a frozen linear layer, with what kernels once made of them. Does not own weight and bias.</summary>
internal sealed class LinearLayer(Tensor weight, Tensor bias) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<object, Tensor> _packed = new();

    public Tensor Weight { get; } = weight;

    public Tensor Bias { get; } = bias;

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

    public void Dispose()
    {
        foreach (var packed in _packed.Values)
        {
            packed.Dispose();
        }

        _packed.Clear();
    }
}
