using MfpClip.Execution;

namespace MfpClip.Backbones;

/// <summary>
/// A vision transformer that is run in pieces, so that prompts can enter and tokens be read between any two blocks (no hooks).
/// </summary>
/// <remarks>
/// Letters: B images, P prefix tokens, N patches, D width, C joint dimension. Safe for concurrent callers; keeps no state between calls. Every method
/// returns a fresh tensor that belongs to the caller's dispose scope, and never disposes its arguments. Tensors are in
/// <see cref="Precision"/> on <see cref="Device"/>.
/// </remarks>
public interface IVisionTower : ICapabilityProvider
{
    /// <summary>Width D of a token.</summary>
    int Width { get; }

    /// <summary>Number of blocks.</summary>
    int Layers { get; }

    /// <summary>Width C of the joint space.</summary>
    int EmbedDim { get; }

    /// <summary>Side of a patch in pixels.</summary>
    int PatchSize { get; }

    /// <summary>Tokens before the patches: the class token, and registers where there are some.</summary>
    /// <value>1 unless implemented.</value>
    int PrefixTokens => 1;

    /// <summary>Whether images must be square.</summary>
    /// <value><see langword="false"/> unless implemented: any whole number of patches in each direction.</value>
    bool NeedsSquareImages => false;

    /// <summary>Where the weights are.</summary>
    Device Device { get; }

    /// <summary>Precision of weights and tokens.</summary>
    ScalarType Precision { get; }

    /// <summary>Patches, class token and positions, after <c>ln_pre</c>.</summary>
    /// <param name="images">Normalised images <c>[B, 3, H, W]</c>; sides divisible by the patch size.</param>
    /// <returns>Tokens <c>[B, P + N, D]</c>: the class token, then the other <see cref="PrefixTokens"/>, then the patches row by row.</returns>
    Tensor Embed(Tensor images);

    /// <summary>Runs consecutive blocks.</summary>
    /// <param name="tokens"><c>[B, T, D]</c> with any number of tokens T.</param>
    /// <param name="first">0-based index of the first block.</param>
    /// <param name="count">Number of blocks.</param>
    /// <param name="context">Which kernels, and what is recomputed.</param>
    /// <returns>The residual stream after the last of them, <c>[B, T, D]</c>.</returns>
    Tensor RunBlocks(Tensor tokens, int first, int count, ForwardContext context);

    /// <summary><c>ln_post</c> alone, for methods that compare patches with patches. Unless implemented, tokens stay as they are.</summary>
    /// <param name="tokens"><c>[B, T, D]</c> or <c>[B, D]</c>.</param>
    Tensor NormalizeLast(Tensor tokens) => tokens.alias();

    /// <summary><c>ln_post</c> and the projection into the joint space; not normalised.</summary>
    /// <param name="tokens"><c>[B, T, D]</c> or <c>[B, D]</c>.</param>
    /// <returns><c>[B, T, C]</c> or <c>[B, C]</c>.</returns>
    Tensor Project(Tensor tokens);
}
