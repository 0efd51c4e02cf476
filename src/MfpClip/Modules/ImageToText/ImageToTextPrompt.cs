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
