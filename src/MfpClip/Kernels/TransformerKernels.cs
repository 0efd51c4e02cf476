namespace MfpClip.Kernels;

/// <summary>How a linear layer is computed: <c>x W^T + b</c> on the last axis. Implementations differ in speed and rounding only.</summary>
internal interface ILinearKernel
{
    /// <summary>For descriptions and benchmarks.</summary>
    string Name { get; }

    /// <summary>Whether it can compute this input here; an implementation that cannot is never measured.</summary>
    bool Serves(Tensor input);

    /// <summary>Applies the layer to <c>[B, T, I]</c>; a fresh <c>[B, T, O]</c> in the caller's scope.</summary>
    Tensor Apply(Tensor input, LinearLayer layer);
}

/// <summary>A kernel that brings the weight into a layout of its own, from which the weight can be had back.</summary>
internal interface IPackedLinearKernel : ILinearKernel
{
    /// <summary>Whether packed weights are ordinary tensors, whatever the order of their values.</summary>
    bool IsPlainMemory { get; }

    /// <summary>The weight in this kernel's layout; in the caller's scope.</summary>
    /// <param name="layer">Whose weight.</param>
    /// <param name="rows">Rows of the products to come.</param>
    Tensor Pack(LinearLayer layer, long rows);

    /// <summary>The weight <c>[O, I]</c> again, bit for bit; in the caller's scope.</summary>
    Tensor Unpack(Tensor packed, long outputs, long inputs, ScalarType precision);
}

/// <summary>How attention is computed.</summary>
internal interface IAttentionKernel
{
    /// <summary>For descriptions and benchmarks.</summary>
    string Name { get; }

    /// <summary>Whether it can compute this input here.</summary>
    bool Serves(Tensor qkv, int heads);

    /// <summary>Softmax of <c>q k^T / sqrt(d)</c>, under the causal mask if asked for, times the values.</summary>
    /// <param name="qkv">Queries, keys and values of every head concatenated, <c>[B, T, 3 D]</c>.</param>
    /// <param name="heads">Heads h; D = h d.</param>
    /// <param name="causal">Whether a token sees only itself and those before it.</param>
    /// <returns>Heads joined, fresh <c>[B, T, D]</c>.</returns>
    Tensor Attend(Tensor qkv, int heads, bool causal);
}

/// <summary>How the activation of the MLP is computed.</summary>
internal interface IActivationKernel
{
    /// <summary>For descriptions and benchmarks.</summary>
    string Name { get; }

    /// <summary>Whether it can compute this input here.</summary>
    bool Serves(Tensor hidden, MlpActivation activation);

    /// <summary>Applies it; may write over <paramref name="hidden"/> and return it.</summary>
    Tensor Apply(Tensor hidden, MlpActivation activation);
}

/// <summary>The kernels of one run of a tower. <see cref="Differentiable"/> says whether operands may be written over.</summary>
internal sealed record TransformerKernels(
    Func<Tensor, LinearLayer, ILinearKernel> Linear,
    Func<Tensor, int, bool, IAttentionKernel> Attention,
    Func<Tensor, MlpActivation, IActivationKernel> Activation,
    bool Differentiable)
{
    /// <summary>libtorch's plain operators, whose gradients autograd knows.</summary>
    public static TransformerKernels Plain { get; } = new(
        (_, _) => TorchLinear.Instance, (_, _, _) => TorchAttention.Instance, (_, _) => TorchActivation.Instance, Differentiable: true);

    /// <summary>The kernels to run with now: libtorch's where gradients are wanted or values must repeat in another process, else these.</summary>
    public TransformerKernels For(bool reproducible) => reproducible || torch.is_grad_enabled() ? Plain : this;
}
