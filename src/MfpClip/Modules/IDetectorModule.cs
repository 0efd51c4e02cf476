using MfpClip.Backbones.Cnn;
using MfpClip.Execution;

namespace MfpClip.Modules;

/// <summary>A swappable part of a detector. Owned and disposed by the detector it was built into.</summary>
/// <remarks>
/// Safe for concurrent callers: no state of an image is kept between calls. Methods return fresh tensors that belong to the caller's
/// dispose scope and never dispose their arguments; a module that changes nothing returns <c>alias()</c> or <see langword="null"/> where
/// its interface says so.
/// </remarks>
public interface IDetectorModule : ICapabilityProvider, IDisposable
{
    /// <summary>For <see cref="IZeroShotDetector.Description"/>: stage, component, options. Weights are added by the detector.</summary>
    StageDescription Describe();

    /// <summary>
    /// Trainable tensors by name (for example <c>proj.weight</c>), in a fixed order: what checkpoints store and training changes.
    /// The tensors stay the module's own. Empty where the module has none.
    /// </summary>
    IReadOnlyList<KeyValuePair<string, Tensor>> Weights { get; }

    /// <summary>Moves the weights to a device. Called once, before the first use.</summary>
    void To(Device device);
}

/// <summary>
/// A capability of modules with a name of their own in checkpoints. Modules without it are stored under the name of the place they stand in,
/// and are never given the weights of a bundled model.
/// </summary>
public interface ICheckpointedModule
{
    /// <summary>Name of the module in checkpoints, for example <c>sp</c> in <c>sp.stage1.adapter1.weight</c>.</summary>
    string CheckpointPrefix { get; }
}

/// <summary>What a module reads of an image through <see cref="ImageContext"/>; the detector checks that it is there.</summary>
[Flags]
public enum ImageSources
{
    /// <summary>Nothing: what the module makes depends on the class name only, and is made once for each.</summary>
    None = 0,

    /// <summary>Features of the CNN: <see cref="ImageContext.Cnn"/>.</summary>
    CnnFeatures = 1,

    /// <summary>The image embedding of CLIP as it is, without any prompt: <see cref="ImageContext.ClipEmbedding"/>.</summary>
    ClipEmbedding = 2,

    /// <summary>The tokens of the same pass after the last block: <see cref="ImageContext.ClipTokens"/>.</summary>
    ClipTokens = 4,
}
