namespace MfpClip.Backbone;

/// <summary>One residual attention block of CLIP: <c>x + attn(ln_1 x)</c>, then <c>x + mlp(ln_2 x)</c>. Owns its weights.</summary>
internal sealed class TransformerBlock(ParameterSet parameters, string prefix, int heads, ClipActivation activation, double eps, bool causal)
{
    private readonly Tensor _ln1w = parameters[$"{prefix}.ln_1.weight"];
    private readonly Tensor _ln1b = parameters[$"{prefix}.ln_1.bias"];
    private readonly Tensor _inw = parameters[$"{prefix}.attn.in_proj_weight"];
    private readonly Tensor _inb = parameters[$"{prefix}.attn.in_proj_bias"];
    private readonly Tensor _outw = parameters[$"{prefix}.attn.out_proj.weight"];
    private readonly Tensor _outb = parameters[$"{prefix}.attn.out_proj.bias"];
    private readonly Tensor _ln2w = parameters[$"{prefix}.ln_2.weight"];
    private readonly Tensor _ln2b = parameters[$"{prefix}.ln_2.bias"];
    private readonly Tensor _fcw = parameters[$"{prefix}.mlp.c_fc.weight"];
    private readonly Tensor _fcb = parameters[$"{prefix}.mlp.c_fc.bias"];
    private readonly Tensor _projw = parameters[$"{prefix}.mlp.c_proj.weight"];
    private readonly Tensor _projb = parameters[$"{prefix}.mlp.c_proj.bias"];

    /// <summary>Runs the block on <c>[B, T, D]</c>.</summary>
    public Tensor Forward(Tensor x, TransformerKernels kernels)
    {
        using var scope = torch.NewDisposeScope();
        long D = x.shape[^1];
        var attended = x + Attention(F.layer_norm(x, [D], _ln1w, _ln1b, eps), kernels);
        var hidden = kernels.Linear.Apply(F.layer_norm(attended, [D], _ln2w, _ln2b, eps), _fcw, _fcb);
        return (attended + kernels.Linear.Apply(Activate(hidden), _projw, _projb)).MoveToOuterDisposeScope();
    }

    private Tensor Attention(Tensor x, TransformerKernels kernels)
    {
        var (B, T, D) = (x.shape[0], x.shape[1], x.shape[2]);
        var qkv = kernels.Linear.Apply(x, _inw, _inb).view(B, T, 3, heads, D / heads).permute(2, 0, 3, 1, 4); // [3, B, h, T, d]
        var joined = kernels.Attention.Attend(qkv[0], qkv[1], qkv[2], causal).transpose(1, 2).reshape(B, T, D);
        return kernels.Linear.Apply(joined, _outw, _outb);
    }

    private Tensor Activate(Tensor x) => activation == ClipActivation.Gelu ? F.gelu(x) : x * (x * 1.702).sigmoid_();
}
