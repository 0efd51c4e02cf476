namespace MfpClip.Kernels;

/// <summary>libtorch's <c>linear</c>: serves everything, everywhere, and is differentiable.</summary>
internal sealed class TorchLinear : ILinearKernel
{
    public static TorchLinear Instance { get; } = new();

    public string Name => "linear";

    public bool Serves(Tensor input) => true;

    public Tensor Apply(Tensor input, LinearLayer layer) => FlatLinear.Apply(input, layer.Weight, layer.Bias);
}

/// <summary>libtorch's fused attention.</summary>
internal sealed class TorchAttention : IAttentionKernel
{
    public static TorchAttention Instance { get; } = new();

    public string Name => "scaled_dot_product_attention";

    public bool Serves(Tensor qkv, int heads) => true;

    public Tensor Attend(Tensor qkv, int heads, bool causal)
    {
        using var scope = torch.NewDisposeScope();
        var (B, T, D) = (qkv.shape[0], qkv.shape[1], qkv.shape[2] / 3);
        var split = qkv.view(B, T, 3, heads, D / heads).permute(2, 0, 3, 1, 4).unbind(0); // 3 x [B, h, T, d]
        return F.scaled_dot_product_attention(split[0], split[1], split[2], is_casual: causal).transpose(1, 2).reshape(B, T, D)
            .MoveToOuterDisposeScope();
    }
}

/// <summary>libtorch's activations.</summary>
internal sealed class TorchActivation : IActivationKernel
{
    public static TorchActivation Instance { get; } = new();

    public string Name => "out of place";

    public bool Serves(Tensor hidden, MlpActivation activation) => true;

    public Tensor Apply(Tensor hidden, MlpActivation activation)
    {
        using var scope = torch.NewDisposeScope();
        return (activation switch
        {
            MlpActivation.Gelu => F.gelu(hidden),
            MlpActivation.SwiGlu => F.silu(hidden.narrow(-1, 0, hidden.shape[^1] / 2)) * hidden.narrow(-1, hidden.shape[^1] / 2, hidden.shape[^1] / 2),
            _ => hidden * (hidden * 1.702).sigmoid_(),
        }).MoveToOuterDisposeScope();
    }
}
