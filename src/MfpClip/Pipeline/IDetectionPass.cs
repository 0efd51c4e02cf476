using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Objectives;

namespace MfpClip.Pipeline;

/// <summary>
/// One method's way from a batch of images to maps and scores. MFP-CLIP is one; the methods it is compared with are others.
/// Safe for concurrent callers; owns what it was made of.
/// </summary>
public interface IDetectionPass : ICapabilityProvider, IDisposable
{
    /// <summary>Name with its paper.</summary>
    string Method { get; }

    /// <summary>Stages after preprocessing, in order, with their weights.</summary>
    IReadOnlyList<StageDescription> Stages { get; }

    /// <summary>Where it computes.</summary>
    Device Device { get; }

    /// <summary>Precision of the towers.</summary>
    ScalarType Precision { get; }

    /// <summary>Highest value that its map can have; the lowest is 0.</summary>
    double MapMaximum => 1;

    /// <summary>How the method is trained; <see langword="null"/> where it has nothing to train.</summary>
    ITrainableMethod? Trainable => null;

    /// <summary>Trained tensors by full name, as checkpoints of modules hold them; empty where there are none.</summary>
    IReadOnlyList<KeyValuePair<string, Tensor>> TrainedWeights => Trainable?.TrainedWeights ?? [];

    /// <summary>Runs a batch under <c>no_grad</c>.</summary>
    /// <param name="images">The images; they stay the caller's.</param>
    /// <param name="className">Class name in the prompts.</param>
    /// <param name="region">Where to look, <c>[B, H, W]</c> of 0 and 1; <see langword="null"/>: everywhere.</param>
    /// <param name="context">What it runs under; its trace takes times, and the patch tokens where it wants grids.</param>
    /// <returns>
    /// Map <c>[B, h, w]</c>, of the images' size or of a grid that is stretched over them, and score <c>[B]</c>, in the caller's dispose scope.
    /// </returns>
    (Tensor Map, Tensor Score) Run(ImageBatch images, string className, Tensor? region, ForwardContext context);
}
