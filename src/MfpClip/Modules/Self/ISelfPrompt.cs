namespace MfpClip.Modules.Self;

/// <summary>Self prompt, SP (paper section 3.3; docs/method.md section 3): visual prompt tokens made from the image's own CNN features.</summary>
public interface ISelfPrompt : IDetectorModule
{
    /// <summary>1-based stages that receive prompts; empty for none.</summary>
    IReadOnlyCollection<int> Stages { get; }

    /// <summary>What is read of the image.</summary>
    ImageSources Reads { get; }

    /// <summary>Makes the prompt tokens of a stage.</summary>
    /// <param name="stage">1-based stage, one of <see cref="Stages"/>.</param>
    /// <param name="image">The batch of B images.</param>
    /// <returns>P_v, float32 <c>[B, K, D]</c>; inserted between class token and patch tokens and removed after the stage.</returns>
    Tensor CreatePrompts(int stage, ImageContext image);
}

/// <summary>A self prompt around another one, which it owns; override what is to change.</summary>
/// <param name="inner">The wrapped module.</param>
public abstract class DelegatingSelfPrompt(ISelfPrompt inner) : DelegatingModule<ISelfPrompt>(inner), ISelfPrompt
{
    /// <inheritdoc/>
    public virtual IReadOnlyCollection<int> Stages => Inner.Stages;

    /// <inheritdoc/>
    public virtual ImageSources Reads => Inner.Reads;

    /// <inheritdoc/>
    public virtual Tensor CreatePrompts(int stage, ImageContext image) => Inner.CreatePrompts(stage, image);
}
