namespace MfpClip.Modules.Self;

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
