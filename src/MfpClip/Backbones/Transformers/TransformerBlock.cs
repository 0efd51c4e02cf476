using MfpClip.Kernels;
using MfpClip.Tensors;

namespace MfpClip.Backbones.Transformers;

/// <summary>One pre-norm residual attention block: <c>x + attn(ln_1 x)</c>, then <c>x + mlp(ln_2 x)</c>. Does not own its weights.</summary>
internal sealed class TransformerBlock(ParameterSet parameters, string prefix, int heads, MlpActivation activation, double eps, bool causal)
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
        var attended = Add(x, Attention(F.layer_norm(x, [x.shape[^1]], _ln1w, _ln1b, eps), kernels), kernels);
        return Add(attended, Mlp(F.layer_norm(attended, [x.shape[^1]], _ln2w, _ln2b, eps), kernels), kernels).MoveToOuterDisposeScope();
    }

    /// <summary>Runs the block on a stream.</summary>
    /// <param name="stream">The stream without <paramref name="change"/>.</param>
    /// <param name="change">What the block before adds; given back.</param>
    /// <param name="kernels">Kernels without gradients.</param>
    /// <returns>What this block's MLP adds, <c>[B, T, D]</c>.</returns>
    public Tensor Forward(ResidualStream stream, Tensor? change, TransformerKernels kernels)
    {
        using var scope = torch.NewDisposeScope();
        var attended = Attention(stream.AddNormalize(change, _ln1w, _ln1b), kernels);
        return Mlp(stream.AddNormalize(attended, _ln2w, _ln2b), kernels).MoveToOuterDisposeScope();
    }

    /// <summary>Runs consecutive blocks on <c>[B, T, D]</c>.</summary>
    public static Tensor RunAll(ReadOnlySpan<TransformerBlock> blocks, Tensor tokens, double eps, TransformerKernels kernels)
    {
        using var scope = torch.NewDisposeScope();
        if (!kernels.Differentiable && blocks.Length > 0 && ResidualStream.Serves(tokens))
        {
            using var stream = new ResidualStream(tokens, eps);
            Tensor? change = null;
            foreach (var block in blocks)
            {
                change = block.Forward(stream, change, kernels);
            }

            return stream.Finish(change!).MoveToOuterDisposeScope();
        }

        var x = tokens.alias();
        foreach (var block in blocks)
        {
            var next = block.Forward(x, kernels);
            x.Dispose(); // a graph keeps what it needs
            x = next;
        }

        return x.MoveToOuterDisposeScope();
    }

    /// <summary>Keeps each weight in the layout of the kernel that serves tokens like these, and in no other.</summary>
    /// <param name="tokens"><c>[B, T, D]</c>; their values do not count.</param>
    /// <param name="kernels">Kernels without gradients.</param>
    public void KeepPacked(Tensor tokens, TransformerKernels kernels)
    {
        foreach (var layer in new[] { _in, _out, _fc, _proj })
        {
            using var scope = torch.NewDisposeScope();
            var input = layer.Inputs == tokens.shape[^1] ? tokens : torch.empty([.. tokens.shape[..^1], layer.Inputs], tokens.dtype, tokens.device);
            if (kernels.Linear(input, layer) is IPackedLinearKernel kernel)
            {
                layer.Keep(kernel, input.numel() / layer.Inputs);
            }
        }
    }

    public void Dispose()
    {
        foreach (var layer in new[] { _in, _out, _fc, _proj })
        {
            layer.Dispose();
        }
    }

    private static LinearLayer Layer(ParameterSet parameters, string name, string dot) => new(parameters, $"{name}{dot}weight", $"{name}{dot}bias");

    // normed is given back.
    private Tensor Attention(Tensor normed, TransformerKernels kernels)
    {
        using var qkv = kernels.Linear(normed, _in).Apply(normed, _in); // [B, T, 3 D]
        normed.Dispose();
        using var joined = kernels.Attention(qkv, heads, causal).Attend(qkv, heads, causal); // [B, T, D]
        return kernels.Linear(joined, _out).Apply(joined, _out);
    }

    private Tensor Mlp(Tensor normed, TransformerKernels kernels)
    {
        if (!kernels.Differentiable && CudaMlp.Serves(normed, activation) && !_fc.Weight.requires_grad)
        {
            var added = CudaMlp.Apply(normed, _fc, _proj);
            normed.Dispose();
            return added;
        }

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
