using MfpClip.Imaging;
using MfpClip.Pipeline;
using MfpClip.References;

namespace MfpClip.Evaluation.Baselines;

/// <summary>
/// What a method must beat: detectors that learned nothing about defects, each made of one idea. They take part wherever a detector does, in
/// <see cref="Evaluator"/> above all.
/// </summary>
/// <remarks>
/// Not here, because a composition is enough: a memory bank of normal images alone is <see cref="ZeroShotDetector.WithReferences"/> with
/// <see cref="References.ReferenceOptions.Weight"/> 1, the towers without anything trained on top are a builder with every module off.
/// </remarks>
public static class BaselineDetector
{
    /// <summary>Side in pixels at which baselines read an image where nothing else is requested: that of the default model.</summary>
    public const int DefaultImageSize = 320;

    /// <summary>Random maps and scores, even in [0, 1): the floor of every metric.</summary>
    /// <param name="seed">The same seed gives the same image the same map and score, on every machine.</param>
    /// <param name="imageSize">Side of the map in pixels.</param>
    public static ZeroShotDetector Random(long seed = 0, int imageSize = DefaultImageSize) => Create(new RandomPass(seed), imageSize);

    /// <summary>How far each pixel's colour, gradient, Laplacian and deviation lie from the image's own distribution: no network at all.</summary>
    /// <param name="options">Scales and smoothing; <see langword="null"/>: the defaults.</param>
    /// <exception cref="DetectorConfigurationException">The options are wrong.</exception>
    public static ZeroShotDetector LocalStatistics(LocalStatisticsOptions? options = null)
    {
        options ??= new();
        return options.Faults().ToList() is { Count: > 0 } faults ? throw new DetectorConfigurationException(faults) : Create(
            new LocalStatisticsPass(options), options.ImageSize);
    }

    /// <summary>
    /// An image compared with itself: how far each place lies from its nearest own places, on frozen features (the convolutional maps inside the
    /// vision tower, where it has some, else its patch tokens). Nothing is trained, no text is read.
    /// </summary>
    /// <param name="features">Gives features, device and image size. It is shared: either can be disposed first.</param>
    /// <param name="options">Neighbourhood and shares; <see langword="null"/>: the defaults.</param>
    /// <exception cref="DetectorConfigurationException">The options are wrong.</exception>
    public static ZeroShotDetector SelfComparison(ZeroShotDetector features, SelfComparisonOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(features);
        options ??= new();
        return options.Faults().ToList() is { Count: > 0 } faults
            ? throw new DetectorConfigurationException(faults)
            : features.WithPass(method => new SelfComparisonPass(method, options));
    }

    private static ZeroShotDetector Create(IDetectionPass pass, int imageSize) => imageSize is < 8 or > 8192
        ? throw new DetectorConfigurationException([$"The image size is {imageSize}; it must be from 8 to 8192 pixels."])
        : ZeroShotDetector.FromPass(pass, new() { Decoder = new SkiaImageDecoder(), Preprocessor = new SquareResize(imageSize), Limits = new() });
}
