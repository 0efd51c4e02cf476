using MfpClip.Execution;

namespace MfpClip.Backbones;

/// <summary>
/// A capability of a vision tower (<see cref="ICapabilityProvider.GetService"/>): the attention of its blocks split, so that a method can run it
/// another way beside the ordinary one (AnomalyCLIP's v-v path) without hooks.
/// </summary>
/// <remarks>Same rules of threads and ownership as <see cref="IVisionTower"/>. T tokens, h heads of width d.</remarks>
public interface IAttentionBlocks
{
    /// <summary><c>ln_1</c> and one of the block's input projections.</summary>
    /// <param name="block">0-based.</param>
    /// <param name="tokens">What enters the block, <c>[B, T, D]</c>.</param>
    /// <param name="part">Which of the three.</param>
    /// <returns><c>[B, h, T, d]</c>.</returns>
    Tensor ProjectAttention(int block, Tensor tokens, AttentionPart part);

    /// <summary><c>softmax(q k^T / sqrt(d)) v</c>, heads joined, through the block's output projection; without the residual.</summary>
    /// <param name="block">0-based.</param>
    /// <param name="queries"><c>[B, h, T, d]</c>.</param>
    /// <param name="keys"><c>[B, h, T, d]</c>.</param>
    /// <param name="values"><c>[B, h, T, d]</c>.</param>
    /// <returns><c>[B, T, D]</c>.</returns>
    Tensor Attend(int block, Tensor queries, Tensor keys, Tensor values);

    /// <summary>The projection into the joint space alone, without <c>ln_post</c>.</summary>
    /// <param name="tokens"><c>[B, T, D]</c> or <c>[B, D]</c>.</param>
    /// <returns><c>[B, T, C]</c> or <c>[B, C]</c>.</returns>
    Tensor ProjectWithoutNorm(Tensor tokens);
}

/// <summary>The input projections of an attention.</summary>
public enum AttentionPart
{
    /// <summary>q.</summary>
    Queries,

    /// <summary>k.</summary>
    Keys,

    /// <summary>v.</summary>
    Values,
}
