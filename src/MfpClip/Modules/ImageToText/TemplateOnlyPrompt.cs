using MfpClip.Backbones;
using MfpClip.Execution;
using MfpClip.Text;

namespace MfpClip.Modules.ImageToText;

/// <summary>I2TP switched off (docs/method.md section 2, <c>off</c>): the class name's own embeddings, the same for every image.</summary>
internal sealed class TemplateOnlyPrompt : WeightedModule, IImageToTextPrompt
{
    /// <inheritdoc/>
    public ImageSources Reads => ImageSources.None;

    /// <inheritdoc/>
    public override string CheckpointPrefix => "i2tp";

    /// <inheritdoc/>
    // [1, 2, C]
    public Tensor EmbedStates(ITextTower text, StateSentences states, ImageContext? image, ForwardContext context) => states.Embeddings.unsqueeze(0);

    /// <inheritdoc/>
    public override StageDescription Describe() => new() { Stage = "image-to-text prompt (I2TP)", Component = "off" };
}
