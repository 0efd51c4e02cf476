namespace MfpClip.Backbone.Kernels;

/// <summary>Weight <c>[O, I]</c> and bias <c>[O]</c> of a frozen linear layer, with what a kernel once made of the weight. Does not own weight and bias.</summary>
internal sealed class LinearLayer(Tensor weight, Tensor bias) : IDisposable
{
    private readonly Lock _gate = new();
    private Tensor? _packed;

    public Tensor Weight { get; } = weight;

    public Tensor Bias { get; } = bias;

    /// <summary>The weight in a kernel's own layout, made at its first use and kept as long as the layer. Safe for concurrent callers.</summary>
    public Tensor Packed(Func<Tensor, Tensor> pack)
    {
        if (Volatile.Read(ref _packed) is { } kept)
        {
            return kept;
        }

        lock (_gate)
        {
            if (_packed is null)
            {
                Volatile.Write(ref _packed, pack(Weight).DetachFromDisposeScope());
            }

            return _packed!;
        }
    }

    public void Dispose()
    {
        _packed?.Dispose();
        _packed = null;
    }
}
