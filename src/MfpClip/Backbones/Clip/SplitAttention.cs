using MfpClip.Kernels;
using MfpClip.Tensors;

namespace MfpClip.Backbones.Clip;

/// <summary>The attention of one block, split. Does not own its weights.</summary>
internal sealed class SplitAttention(ParameterSet parameters, string prefix, int heads, double eps)
{
    private Tensor NormWeight => parameters[$"{prefix}.ln_1.weight"];
    private Tensor NormBias => parameters[$"{prefix}.ln_1.bias"];
    private Tensor InWeight => parameters[$"{prefix}.attn.in_proj_weight"];
    private Tensor InBias => parameters[$"{prefix}.attn.in_proj_bias"];
    private Tensor OutWeight => parameters[$"{prefix}.attn.out_proj.weight"];
    private Tensor OutBias => parameters[$"{prefix}.attn.out_proj.bias"];

    /// <inheritdoc cref="IAttentionBlocks.ProjectAttention"/>
    public Tensor Project(Tensor tokens, AttentionPart part)
    {
        using var scope = torch.NewDisposeScope();
        var (B, T, D) = (tokens.shape[0], tokens.shape[1], tokens.shape[2]);
        var h = F.layer_norm(tokens, [D], NormWeight, NormBias, eps);
        var x = FlatLinear.Apply(h, InWeight.narrow(0, (int)part * D, D), InBias.narrow(0, (int)part * D, D));
        return x.view(B, T, heads, D / heads).transpose(1, 2).MoveToOuterDisposeScope(); // [B, h, T, d]
    }

    /// <inheritdoc cref="IAttentionBlocks.Attend"/>
    public Tensor Attend(Tensor queries, Tensor keys, Tensor values)
    {
        using var scope = torch.NewDisposeScope();
        var (B, T) = (queries.shape[0], queries.shape[2]);
        var joined = F.scaled_dot_product_attention(queries, keys, values).transpose(1, 2).reshape(B, T, -1);
        return FlatLinear.Apply(joined, OutWeight, OutBias).MoveToOuterDisposeScope();
    }
}
