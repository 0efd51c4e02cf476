using MfpClip.Execution;

namespace MfpClip.Backbones;

/// <summary>A frozen vision network, with a text tower (<see cref="IClipBackbone"/>) or without one. Owned by the detector that was built with it.</summary>
public interface IVisionBackbone : ICapabilityProvider, IDisposable
{
    /// <summary>Vision tower.</summary>
    IVisionTower Vision { get; }

    /// <summary>Mean and standard deviation of each colour channel in [0,1], for normalising images.</summary>
    (float[] Mean, float[] Std) Normalization { get; }

    /// <summary>For <see cref="IZeroShotDetector.Description"/>.</summary>
    StageDescription Describe();
}
