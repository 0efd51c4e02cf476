using System.ComponentModel.DataAnnotations;
using MfpClip.Diagnostics;

namespace MfpClip.Modules.ImageToText;

/// <summary>Published ways of learning the words around a state instead of writing them.</summary>
public enum LearnedContextVariant
{
    /// <summary>CoOp (Zhou et al., arXiv 2109.01134): learned tokens, the same for every image; texts are embedded once for each class name.</summary>
    CoOp,

    /// <summary>
    /// CoCoOp (Zhou et al., arXiv 2203.05557): a small network moves the learned tokens by the image's embedding; the text tower runs for every image.
    /// </summary>
    CoCoOp,

    /// <summary>
    /// DenseCLIP, pre-model (Rao et al., arXiv 2112.01518, section 3.3): learned queries read the image's tokens and stand in the text; the text tower runs for
    /// every image.
    /// </summary>
    DenseClipPreModel,

    /// <summary>
    /// DenseCLIP, post-model (the same section; its authors' choice): the texts, on learned tokens as in CoOp, read the image's tokens behind the text tower.
    /// </summary>
    DenseClipPostModel,
}

/// <summary>Settings of learned contexts: alternatives to hand-made templates, instead of I2TP. Immutable.</summary>
public sealed record LearnedContextOptions
{
    /// <summary>Which method.</summary>
    /// <value>Default <see cref="LearnedContextVariant.CoOp"/>.</value>
    public LearnedContextVariant Variant { get; init; } = LearnedContextVariant.CoOp;

    /// <summary>Number of learned tokens between start of text and state. CoOp's paper uses 16, CoCoOp's 4, DenseCLIP's 8.</summary>
    /// <value>Default 16.</value>
    [Range(1, 64)]
    public int TokenCount { get; init; } = 16;

    /// <summary>Whether both states share the tokens (CoOp's unified context) or each has its own (its class-specific context).</summary>
    /// <value>Default true.</value>
    public bool SharedByStates { get; init; } = true;

    /// <summary>Words whose embeddings the tokens start from, such as "a photo of a"; they must be <see cref="TokenCount"/> tokens.</summary>
    /// <value>Default <see langword="null"/>: normal with deviation 0.02.</value>
    public string? InitialText { get; init; }

    /// <summary>CoCoOp: the hidden width of its network is the joint width over this.</summary>
    /// <value>Default 16.</value>
    [Range(1, 1024)]
    public int Reduction { get; init; } = 16;

    /// <summary>DenseCLIP: width of its context decoder.</summary>
    /// <value>Default 256.</value>
    [Range(1, 8192)]
    public int DecoderWidth { get; init; } = 256;

    /// <summary>DenseCLIP: attention heads of the decoder; must divide its width.</summary>
    /// <value>Default 4.</value>
    [Range(1, 128)]
    public int DecoderHeads { get; init; } = 4;

    /// <summary>DenseCLIP: layers of the decoder.</summary>
    /// <value>Default 3.</value>
    [Range(1, 32)]
    public int DecoderLayers { get; init; } = 3;

    /// <summary>DenseCLIP, post-model: initial value of the learned weights gamma of what the image adds to the text.</summary>
    /// <value>Default 1e-4: at first the text stays as it is.</value>
    public double Gamma { get; init; } = 1e-4;

    /// <summary>Seed of the initialization.</summary>
    /// <value>Default 0.</value>
    public long Seed { get; init; }

    /// <summary>Every fault of these settings for a model of that size.</summary>
    internal IEnumerable<string> Faults(ModuleDimensions dimensions)
    {
        foreach (string fault in OptionRanges.Faults(this, "Learned context"))
        {
            yield return fault;
        }

        if (!Enum.IsDefined(Variant))
        {
            yield return $"Learned context: unknown variant {(int)Variant}; choose {string.Join(", ", Enum.GetNames<LearnedContextVariant>())}.";
        }

        if (TokenCount > dimensions.ContextLength - 3)
        {
            yield return $"Learned context: {nameof(TokenCount)} is {TokenCount}; it must be at most {dimensions.ContextLength - 3}, so that "
                + $"{dimensions.ContextLength} positions leave room for the state.";
        }

        if (DecoderHeads > 0 && DecoderWidth % DecoderHeads != 0)
        {
            yield return $"Learned context: {nameof(DecoderWidth)} {DecoderWidth} is no multiple of {nameof(DecoderHeads)} {DecoderHeads}.";
        }

        if (!double.IsFinite(Gamma))
        {
            yield return $"Learned context: {nameof(Gamma)} must be a finite number.";
        }

        if (InitialText is { } words && dimensions.Tokenizer is { } tokenizer && tokenizer.Encode(words).Count != TokenCount)
        {
            yield return $"Learned context: {nameof(InitialText)} '{words}' has {tokenizer.Encode(words).Count} tokens, {nameof(TokenCount)} is "
                + $"{TokenCount}; make them equal.";
        }
    }
}
