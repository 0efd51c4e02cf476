using MfpClip.Kernels;
using MfpClip.Tensors;

namespace MfpClip.Backbones.Clip;

/// <summary>The attention of one block, split. Does not own its weights.</summary>
internal sealed class SplitAttention(ParameterSet parameters, string prefix, int heads, double eps)
{
    private readonly Tensor _normWeight = parameters[$"{prefix}.ln_1.weight"];
    private readonly Tensor _normBias = parameters[$"{prefix}.ln_1.bias"];
    private readonly Tensor _inWeight = parameters[$"{prefix}.attn.in_proj_weight"];
    private readonly Tensor _inBias = parameters[$"{prefix}.attn.in_proj_bias"];
    private readonly Tensor _outWeight = parameters[$"{prefix}.attn.out_proj.weight"];
    private readonly Tensor _outBias = parameters[$"{prefix}.attn.out_proj.bias"];

    /// <inheritdoc cref="IAttentionBlocks.ProjectAttention"/>
    public Tensor Project(Tensor tokens, AttentionPart part)
    {
        using var scope = torch.NewDisposeScope();
        var (B, T, D) = (tokens.shape[0], tokens.shape[1], tokens.shape[2]);
        var h = F.layer_norm(tokens, [D], _normWeight, _normBias, eps);
        var x = FlatLinear.Apply(h, _inWeight.narrow(0, (int)part * D, D), _inBias.narrow(0, (int)part * D, D));
        return x.view(B, T, heads, D / heads).transpose(1, 2).MoveToOuterDisposeScope(); // [B, h, T, d]
    }

    /// <inheritdoc cref="IAttentionBlocks.Attend"/>
    public Tensor Attend(Tensor queries, Tensor keys, Tensor values)
    {
        using var scope = torch.NewDisposeScope();
        var (B, T) = (queries.shape[0], queries.shape[2]);
        var joined = F.scaled_dot_product_attention(queries, keys, values).transpose(1, 2).reshape(B, T, -1);
        return FlatLinear.Apply(joined, _outWeight, _outBias).MoveToOuterDisposeScope();
    }
}
