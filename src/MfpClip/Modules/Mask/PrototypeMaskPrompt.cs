using MfpClip.Execution;
using MfpClip.Tensors;

namespace MfpClip.Modules.Mask;

/// <summary>
/// MP without parameters (docs/method.md section 6, reconstructed): <c>p_s</c> is the mean of Z_i weighted by m (abnormal) or 1 - m (normal), and
/// <c>t_s,i' = normalise(t_s + beta normalise(p_s))</c>. The features stay; the texts move towards what this image shows.
/// </summary>
internal sealed class PrototypeMaskPrompt(MaskPromptOptions options) : WeightedModule, IMaskPrompt
{
    private const double Epsilon = 1e-6;

    private readonly double _beta = options.Beta;
    private readonly bool _detach = options.DetachMask;

    /// <inheritdoc/>
    public override string CheckpointPrefix => "mp";

    /// <inheritdoc/>
    public MaskPromptResult? Apply(IReadOnlyList<Tensor> Z, Tensor t, Tensor coarseMap, ForwardContext context)
    {
        using var scope = torch.NewDisposeScope();
        var pooled = MaskPrompt.Pool(coarseMap, Z[0].shape[2], Z[0].shape[3], _detach);
        context.Trace?.Keep("mask_prompt", pooled);
        var m = pooled.flatten(2); // [B, 1, N]
        var weights = torch.cat([1 - m, m], 1); // [B, 2, N]: normal, abnormal
        var texts = Z.Select(z => Prompt(z, t, weights).MoveToOuterDisposeScope()).ToList();
        return new([.. Z.Select(z => z.alias().MoveToOuterDisposeScope())], texts);
    }

    /// <inheritdoc/>
    public override StageDescription Describe() => new()
    {
        Stage = "mask prompt (MP)",
        Component = "prototype",
        Options = new Dictionary<string, string> { ["beta"] = Text($"{_beta}"), ["detach mask"] = _detach ? "true" : "false" },
    };

    private Tensor Prompt(Tensor z, Tensor t, Tensor weights)
    {
        using var scope = torch.NewDisposeScope();
        var sum = MatrixProduct.Of(weights, z.flatten(2).transpose(1, 2)); // [B, 2, C]
        var p = sum / (weights.sum(-1, keepdim: true) + Epsilon); // [B, 2, C]
        return UnitVectors.Normalize(t + (_beta * UnitVectors.Normalize(p))).MoveToOuterDisposeScope();
    }
}
