using MfpClip.Execution;

namespace MfpClip.Backbones.Cnn;

/// <summary>A frozen convolutional network whose features prompt the towers (the paper's "CNN").</summary>
public interface ICnnFeatureExtractor : ICapabilityProvider, IDisposable
{
    /// <summary>For <see cref="IZeroShotDetector.Description"/>: stage, component, options and weights.</summary>
    StageDescription Describe();

    /// <summary>Moves the weights to a device. Called once, before the first use.</summary>
    void To(Device device);

    /// <summary>F, the width of the pooled feature.</summary>
    int FeatureDim { get; }

    /// <summary>Width of each level's pooled feature, shallow to deep (stem and four stages: 5 values for a ResNet).</summary>
    IReadOnlyList<int> LevelDims { get; }

    /// <summary>Extracts features.</summary>
    /// <param name="pixels">Images in [0,1], RGB, float32 <c>[B, 3, H, W]</c>; the extractor normalises as its weights want it.</param>
    CnnFeatures Extract(Tensor pixels);
}

/// <summary>Pooled CNN features of a batch; tensors belong to the scope in which they were made.</summary>
/// <param name="Pooled">f, global average of the last map, float32 <c>[B, F]</c>.</param>
/// <param name="Levels">Global average of each level's map, <c>[B, F_l]</c>, shallow to deep; may be empty where levels are not offered.</param>
public sealed record CnnFeatures(Tensor Pooled, IReadOnlyList<Tensor> Levels);
