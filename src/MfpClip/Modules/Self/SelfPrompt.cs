namespace MfpClip.Modules.Self;

/// <summary>Makes the variant that options ask for.</summary>
internal static class SelfPrompt
{
    /// <summary>A module with initialization from the seed, on the CPU in float32.</summary>
    /// <exception cref="DetectorConfigurationException">The options do not fit the model.</exception>
    public static ISelfPrompt Create(SelfPromptOptions options, ModuleDimensions dimensions)
    {
        var faults = options.Faults(dimensions).ToList();
        if (faults.Count > 0)
        {
            throw new DetectorConfigurationException(faults);
        }

        return options.Variant == SelfPromptVariant.Off ? new NoSelfPrompt() : new AdapterSelfPrompt(options, dimensions);
    }
}

/// <summary>SP switched off: no stage receives prompts.</summary>
internal sealed class NoSelfPrompt : WeightedModule, ISelfPrompt
{
    /// <inheritdoc/>
    public IReadOnlyCollection<int> Stages => [];

    /// <inheritdoc/>
    public ImageSources Reads => ImageSources.None;

    /// <inheritdoc/>
    public override string CheckpointPrefix => "sp";

    /// <inheritdoc/>
    public Tensor CreatePrompts(int stage, ImageContext image) =>
        throw new ArgumentOutOfRangeException(nameof(stage), stage, "The self prompt is off: no stage receives prompts.");

    /// <inheritdoc/>
    public override StageDescription Describe() => new() { Stage = "self prompt (SP)", Component = "off" };
}
