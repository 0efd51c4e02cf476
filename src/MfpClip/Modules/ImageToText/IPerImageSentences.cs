using MfpClip.Backbones;

namespace MfpClip.Modules.ImageToText;

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
