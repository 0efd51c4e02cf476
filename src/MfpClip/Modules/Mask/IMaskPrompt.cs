using MfpClip.Execution;

namespace MfpClip.Modules.Mask;

/// <summary>Mask prompt, MP (paper section 3.5; docs/method.md section 6): the coarse map fed back to sharpen it.</summary>
public interface IMaskPrompt : IDetectorModule
{
    /// <summary>Prompts the features with the coarse map.</summary>
    /// <param name="Z">Z_i of each stage, <c>[B, C, g, g']</c>.</param>
    /// <param name="t">Text embeddings <c>[B, 2, C]</c> (B may be 1 for all images).</param>
    /// <param name="coarseMap">M_c, abnormal channel, <c>[B, H, W]</c>.</param>
    /// <param name="context">What the forward pass runs under; intermediates of one's own go to its trace.</param>
    /// <returns>Features and texts for the second map, or <see langword="null"/> to keep the coarse map as it is.</returns>
    MaskPromptResult? Apply(IReadOnlyList<Tensor> Z, Tensor t, Tensor coarseMap, ForwardContext context);
}

/// <summary>What a mask prompt hands to the second map.</summary>
/// <param name="Features">Z_i' of each stage, <c>[B, C, g, g']</c>.</param>
/// <param name="Texts">t of each stage, L2-normalised <c>[B, 2, C]</c>.</param>
public sealed record MaskPromptResult(IReadOnlyList<Tensor> Features, IReadOnlyList<Tensor> Texts);

/// <summary>A mask prompt around another one, which it owns; override what is to change.</summary>
/// <param name="inner">The wrapped module.</param>
public abstract class DelegatingMaskPrompt(IMaskPrompt inner) : DelegatingModule<IMaskPrompt>(inner), IMaskPrompt
{
    /// <inheritdoc/>
    public virtual MaskPromptResult? Apply(IReadOnlyList<Tensor> Z, Tensor t, Tensor coarseMap, ForwardContext context) =>
        Inner.Apply(Z, t, coarseMap, context);
}
