namespace MfpClip.Backbone;

/// <summary>How a linear layer is computed: <c>x W^T + b</c> on the last axis. Implementations differ in speed only.</summary>
internal interface ILinearKernel
{
    /// <summary>Applies weight <c>[O, I]</c> and bias <c>[O]</c> to <c>[..., I]</c>.</summary>
    Tensor Apply(Tensor input, Tensor weight, Tensor? bias);
}

/// <summary>How attention is computed from queries, keys and values <c>[B, heads, T, d]</c>.</summary>
internal interface IAttentionKernel
{
    /// <summary>Softmax of <c>q k^T / sqrt(d)</c>, under the causal mask if asked for, times the values.</summary>
    Tensor Attend(Tensor queries, Tensor keys, Tensor values, bool causal);
}

/// <summary>The kernels a tower runs with.</summary>
internal sealed record TransformerKernels(ILinearKernel Linear, IAttentionKernel Attention)
{
    /// <summary>libtorch's own.</summary>
    public static TransformerKernels Default { get; } = new(new TorchLinear(), new TorchAttention());

    private sealed class TorchLinear : ILinearKernel
    {
        public Tensor Apply(Tensor input, Tensor weight, Tensor? bias) => F.linear(input, weight, bias);
    }

    private sealed class TorchAttention : IAttentionKernel
    {
        public Tensor Attend(Tensor queries, Tensor keys, Tensor values, bool causal) =>
            F.scaled_dot_product_attention(queries, keys, values, is_casual: causal);
    }
}
