using MfpClip.Kernels;
using MfpClip.Tensors;

namespace MfpClip.Backbones.Hybrid;

/// <summary>
/// One block: attention of every token to the class and prompt tokens and to a coarse grid of pooled patches, a depthwise convolution among
/// the patches, an MLP. Each adds to the residual stream.
/// </summary>
/// <remarks>Attending to pooled patches costs N x 128 instead of N x N, so that patches can be small.</remarks>
/// <param name="parameters">The tower's tensors.</param>
/// <param name="prefix">Of the block's names.</param>
/// <param name="config">Sizes.</param>
internal sealed class HybridBlock(ParameterSet parameters, string prefix, HybridConfig config) : IDisposable
{
    private readonly Lazy<PooledAttentionBlock> _fused = new(
        () => new(name => parameters[$"{prefix}.{name}"], config.Vision.Heads, config.Vision.PooledGrid, config.LayerNormEps));

    private volatile bool _changes;
    private readonly int _heads = config.Vision.Heads;
    private readonly int _pooled = config.Vision.PooledGrid;
    private readonly int _kernel = config.Vision.Kernel;
    private readonly double _eps = config.LayerNormEps;

    /// <summary>Runs the block.</summary>
    /// <param name="x"><c>[B, others + g * g, D]</c>: class and prompt tokens, then the patches.</param>
    /// <param name="g">Side of the grid of patches.</param>
    public Tensor Forward(Tensor x, int g)
    {
        if (!_changes && !torch.is_grad_enabled() && PooledAttentionBlock.Serves(x, _heads, parameters[$"{prefix}.mlp.c_fc.bias"].shape[0]))
        {
            return _fused.Value.Apply(x, g);
        }

        using var scope = torch.NewDisposeScope();
        var y = x + Attend(Norm(x, "ln_1"), g);
        long others = y.shape[1] - ((long)g * g);
        var mixed = torch.cat([y.narrow(1, 0, others), y.narrow(1, others, (long)g * g) + Mix(y.narrow(1, others, (long)g * g), g)], 1);
        var hidden = F.gelu(Linear(Norm(mixed, "ln_2"), "mlp.c_fc"));
        return (mixed + Linear(hidden, "mlp.c_proj")).MoveToOuterDisposeScope();
    }

    /// <summary>An input projection of the attention, of every token: the second path of AnomalyCLIP does not pool.</summary>
    public Tensor ProjectAttention(Tensor tokens, AttentionPart part)
    {
        using var scope = torch.NewDisposeScope();
        var (B, T, D) = (tokens.shape[0], tokens.shape[1], tokens.shape[2]);
        var x = Norm(tokens, "ln_1");
        var projected = part == AttentionPart.Queries ? Linear(x, "attn.q") : Linear(x, "attn.kv").narrow(-1, part == AttentionPart.Keys ? 0 : D, D);
        return projected.view(B, T, _heads, D / _heads).transpose(1, 2).MoveToOuterDisposeScope();
    }

    /// <summary>Attention of these parts through the output projection.</summary>
    public Tensor Attend(Tensor queries, Tensor keys, Tensor values)
    {
        using var scope = torch.NewDisposeScope();
        var attended = F.scaled_dot_product_attention(queries, keys, values).transpose(1, 2).reshape(queries.shape[0], queries.shape[2], -1);
        return Linear(attended, "attn.out_proj").MoveToOuterDisposeScope();
    }

    /// <summary>That the weights may change from now on: no kernel works with copies of them.</summary>
    public void ExpectChanges() => _changes = true;

    public void Dispose()
    {
        if (_fused.IsValueCreated)
        {
            _fused.Value.Dispose();
        }
    }

    private Tensor Attend(Tensor x, int g)
    {
        var (B, T, D) = (x.shape[0], x.shape[1], x.shape[2]);
        long others = T - ((long)g * g);
        var grid = Grid(x.narrow(1, others, (long)g * g), g);
        long side = Math.Min(_pooled, g);
        var pooled = torch.cat([F.adaptive_avg_pool2d(grid, [side, side]).flatten(2), F.adaptive_max_pool2d(grid, [side, side]).flatten(2)], 2).transpose(1, 2);
        var keys = torch.cat([x.narrow(1, 0, others), pooled], 1); // [B, M, D]
        long M = keys.shape[1];
        var q = Linear(x, "attn.q").view(B, T, _heads, D / _heads).transpose(1, 2);
        var kv = Linear(keys, "attn.kv").view(B, M, 2, _heads, D / _heads).permute(2, 0, 3, 1, 4);
        var attended = F.scaled_dot_product_attention(q, kv[0], kv[1]).transpose(1, 2).reshape(B, T, D);
        return Linear(attended, "attn.out_proj");
    }

    private Tensor Mix(Tensor patches, int g)
    {
        var grid = Grid(patches, g);
        long pad = _kernel / 2;
        var y = F.conv2d(grid, parameters[$"{prefix}.depthwise.weight"], parameters[$"{prefix}.depthwise.bias"], padding: [pad, pad], groups: grid.shape[1]);
        return y.flatten(2).transpose(1, 2);
    }

    // [B, g * g, D] seen as [B, D, g, g]; without gradients it keeps channels last, so nothing is copied and convolutions are faster.
    private static Tensor Grid(Tensor patches, int g) => torch.is_grad_enabled()
        ? patches.transpose(1, 2).reshape(patches.shape[0], patches.shape[2], g, g)
        : patches.reshape(patches.shape[0], g, g, patches.shape[2]).permute(0, 3, 1, 2);

    private Tensor Norm(Tensor x, string name) =>
        F.layer_norm(x, [x.shape[^1]], parameters[$"{prefix}.{name}.weight"], parameters[$"{prefix}.{name}.bias"], _eps);

    private Tensor Linear(Tensor x, string name)
    {
        var (weight, bias) = (parameters[$"{prefix}.{name}.weight"], parameters[$"{prefix}.{name}.bias"]);
        return SmallLinear.Serves(x, weight) ? SmallLinear.Apply(x, weight, bias)
            : !torch.is_grad_enabled() && ConvolutionLinear.IsFaster(x) ? ConvolutionLinear.Apply(x, weight, bias) : FlatLinear.Apply(x, weight, bias);
    }
}
