using MfpClip.Backbones;
using MfpClip.Execution;
using MfpClip.Text;

namespace MfpClip.Modules.ImageToText;

/// <summary>Image-to-text prompt, I2TP (paper section 3.2; docs/method.md section 2): text embeddings of the states, made for each image.</summary>
public interface IImageToTextPrompt : IDetectorModule
{
    /// <summary>What is read of the image. <see cref="ImageSources.None"/>: the embeddings depend on the class name only and are cached.</summary>
    ImageSources Reads { get; }

    /// <summary>Whether the builder's sentences are read. Unless implemented, they are; prompts with words of their own say no.</summary>
    bool ReadsSentences => true;

    /// <summary>Embeds the normal and the abnormal state.</summary>
    /// <param name="text">Frozen text tower.</param>
    /// <param name="states">Tokenised sentences of both states, with their cached embeddings.</param>
    /// <param name="image">The batch of B images; <see langword="null"/> where <see cref="Reads"/> is <see cref="ImageSources.None"/>.</param>
    /// <param name="context">What the forward pass runs under; intermediates of one's own go to its trace.</param>
    /// <returns>t, L2-normalised float32 <c>[B, 2, C]</c>, normal first; B is 1 where the image is not used.</returns>
    Tensor EmbedStates(ITextTower text, StateSentences states, ImageContext? image, ForwardContext context);
}

/// <summary>An image-to-text prompt around another one, which it owns; override what is to change.</summary>
/// <param name="inner">The wrapped module.</param>
public abstract class DelegatingImageToTextPrompt(IImageToTextPrompt inner) : DelegatingModule<IImageToTextPrompt>(inner), IImageToTextPrompt
{
    /// <inheritdoc/>
    public virtual ImageSources Reads => Inner.Reads;

    /// <inheritdoc/>
    public virtual bool ReadsSentences => Inner.ReadsSentences;

    /// <inheritdoc/>
    public virtual Tensor EmbedStates(ITextTower text, StateSentences states, ImageContext? image, ForwardContext context) =>
        Inner.EmbedStates(text, states, image, context);
}

/// <summary>
/// Capability of an <see cref="IImageToTextPrompt"/>: each image of a batch has a sentence of its own for each state, as training draws them.
/// </summary>
public interface IPerImageSentences
{
    /// <summary>Embeds the sentences, prompted by their images.</summary>
    /// <param name="text">Text tower.</param>
    /// <param name="normalIds">int64 <c>[B, L]</c>, row i for image i; the largest id of a row is end-of-text.</param>
    /// <param name="abnormalIds">int64 <c>[B, L]</c>.</param>
    /// <param name="image">The batch of B images.</param>
    /// <returns>t, L2-normalised <c>[B, 2, C]</c>.</returns>
    Tensor EmbedEach(ITextTower text, Tensor normalIds, Tensor abnormalIds, ImageContext image);
}
