using MfpClip.Backbone.Kernels;

namespace MfpClip.Backbone;

/// <summary>One residual attention block of CLIP: <c>x + attn(ln_1 x)</c>, then <c>x + mlp(ln_2 x)</c>. Does not own its weights.</summary>
internal sealed class TransformerBlock(ParameterSet parameters, string prefix, int heads, ClipActivation activation, double eps, bool causal)
    : IDisposable
{
    private readonly Tensor _ln1w = parameters[$"{prefix}.ln_1.weight"];
    private readonly Tensor _ln1b = parameters[$"{prefix}.ln_1.bias"];
    private readonly LinearLayer _in = Layer(parameters, $"{prefix}.attn.in_proj_", string.Empty);
    private readonly LinearLayer _out = Layer(parameters, $"{prefix}.attn.out_proj", ".");
    private readonly Tensor _ln2w = parameters[$"{prefix}.ln_2.weight"];
    private readonly Tensor _ln2b = parameters[$"{prefix}.ln_2.bias"];
    private readonly LinearLayer _fc = Layer(parameters, $"{prefix}.mlp.c_fc", ".");
    private readonly LinearLayer _proj = Layer(parameters, $"{prefix}.mlp.c_proj", ".");

    /// <summary>Runs the block on <c>[B, T, D]</c>.</summary>
    /// <remarks>Every intermediate is given back as soon as it is read, so that the next one gets memory that is in the cache.</remarks>
    public Tensor Forward(Tensor x, TransformerKernels kernels)
    {
        using var scope = torch.NewDisposeScope();
        var attended = Add(x, Attention(x, kernels), kernels);
        return Add(attended, Mlp(attended, kernels), kernels).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (var layer in new[] { _in, _out, _fc, _proj })
        {
            layer.Dispose();
        }
    }

    private static LinearLayer Layer(ParameterSet parameters, string name, string dot) => new(parameters[$"{name}{dot}weight"], parameters[$"{name}{dot}bias"]);

    private Tensor Attention(Tensor x, TransformerKernels kernels)
    {
        using var normed = F.layer_norm(x, [x.shape[^1]], _ln1w, _ln1b, eps);
        using var qkv = kernels.Linear(normed, _in).Apply(normed, _in); // [B, T, 3 D]
        using var joined = kernels.Attention(qkv, heads, causal).Attend(qkv, heads, causal); // [B, T, D]
        return kernels.Linear(joined, _out).Apply(joined, _out);
    }

    private Tensor Mlp(Tensor x, TransformerKernels kernels)
    {
        using var normed = F.layer_norm(x, [x.shape[^1]], _ln2w, _ln2b, eps);
        var hidden = kernels.Linear(normed, _fc).Apply(normed, _fc); // [B, T, 4 D]
        normed.Dispose();
        var active = kernels.Activation(hidden, activation).Apply(hidden, activation);
        var result = kernels.Linear(active, _proj).Apply(active, _proj);
        hidden.Dispose();
        active.Dispose();
        return result;
    }

    private static Tensor Add(Tensor x, Tensor change, TransformerKernels kernels) => kernels.Differentiable ? x + change : change.add_(x);
}
