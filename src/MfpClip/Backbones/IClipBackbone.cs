using MfpClip.Execution;

namespace MfpClip.Backbones;

/// <summary>A CLIP model: the frozen pair of towers every method is built on. Owned by the detector that was built with it.</summary>
public interface IClipBackbone : ICapabilityProvider, IDisposable
{
    /// <summary>Vision tower.</summary>
    IVisionTower Vision { get; }

    /// <summary>Text tower.</summary>
    ITextTower Text { get; }

    /// <summary>Logit scale after <c>exp</c>; 100 in OpenAI's models.</summary>
    double LogitScale { get; }

    /// <summary>Mean and standard deviation of each colour channel in [0,1], for normalising images.</summary>
    (float[] Mean, float[] Std) Normalization { get; }

    /// <summary>For <see cref="IZeroShotDetector.Description"/>.</summary>
    StageDescription Describe();
}
