using MfpClip.Execution;

namespace MfpClip.Backbones;

/// <summary>A causal text transformer that accepts token embeddings, so that prompts can be put between words.</summary>
/// <remarks>Same rules of threads and ownership as <see cref="IVisionTower"/>. S sequences, L positions, d text width, C joint dimension.</remarks>
public interface ITextTower
{
    /// <summary>Width d of a token.</summary>
    int Width { get; }

    /// <summary>Number of blocks.</summary>
    int Layers { get; }

    /// <summary>Width C of the joint space.</summary>
    int EmbedDim { get; }

    /// <summary>Number of positions, 77 in OpenAI's models.</summary>
    int ContextLength { get; }

    /// <summary>Number of tokens.</summary>
    int VocabSize { get; }

    /// <summary>Where the weights are.</summary>
    Device Device { get; }

    /// <summary>Precision of weights and tokens.</summary>
    ScalarType Precision { get; }

    /// <summary>Looks up token embeddings, without positions.</summary>
    /// <param name="ids">int64 <c>[S, L]</c>.</param>
    /// <returns><c>[S, L, d]</c>.</returns>
    Tensor EmbedTokens(Tensor ids);

    /// <summary>Adds positions; the input of block 0.</summary>
    /// <param name="embeddings"><c>[S, L, d]</c>, L at most <see cref="ContextLength"/>.</param>
    Tensor AddPositions(Tensor embeddings);

    /// <summary>Runs consecutive blocks under the causal mask.</summary>
    /// <param name="tokens"><c>[S, L, d]</c>.</param>
    /// <param name="first">0-based index of the first block.</param>
    /// <param name="count">Number of blocks.</param>
    /// <param name="context">Which kernels, and what is recomputed.</param>
    Tensor RunBlocks(Tensor tokens, int first, int count, ForwardContext context);

    /// <summary>Final layer norm, reading at the end-of-text position, projection; not normalised.</summary>
    /// <param name="tokens"><c>[S, L, d]</c> after the last block.</param>
    /// <param name="endPositions">int64 <c>[S]</c>: where each sequence is read.</param>
    /// <returns><c>[S, C]</c>.</returns>
    Tensor Project(Tensor tokens, Tensor endPositions);
}
