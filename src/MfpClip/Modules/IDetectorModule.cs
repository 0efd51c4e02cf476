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
