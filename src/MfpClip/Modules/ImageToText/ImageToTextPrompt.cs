using MfpClip.Backbones;
using MfpClip.Execution;
using MfpClip.Text;

namespace MfpClip.Modules.ImageToText;

/// <summary>Makes the variant that options ask for.</summary>
internal static class ImageToTextPrompt
{
    /// <summary>A module with initialization from the seed, on the CPU in float32.</summary>
    /// <exception cref="DetectorConfigurationException">The options do not fit the model.</exception>
    public static IImageToTextPrompt Create(ImageToTextPromptOptions options, ModuleDimensions dimensions)
    {
        var faults = options.Faults(dimensions).ToList();
        if (faults.Count > 0)
        {
            throw new DetectorConfigurationException(faults);
        }

        return options.Variant switch
        {
            ImageToTextVariant.Prepend => new PrependImageToTextPrompt(options, dimensions),
            ImageToTextVariant.Residual => new ResidualImageToTextPrompt(options, dimensions),
            _ => new TemplateOnlyPrompt(),
        };
    }
}

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
