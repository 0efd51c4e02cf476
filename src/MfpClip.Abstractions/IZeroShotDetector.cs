namespace MfpClip;

/// <summary>
/// Finds defects on products it has never seen: an image goes in, an anomaly map and an anomaly score come out.
/// </summary>
/// <remarks>
/// Implementations are safe for concurrent callers, hold no state of an image between calls, and own their weights until they are
/// disposed. Arguments are never changed. Results hold managed memory only.
/// </remarks>
public interface IZeroShotDetector : IDisposable
{
    /// <summary>What was composed: ordered stages, their options, weights and hashes.</summary>
    DetectorDescription Description { get; }

    /// <summary>The calibration applied to results, or <see langword="null"/> where only raw scores are given.</summary>
    ScoreCalibration? Calibration { get; }

    /// <summary>Detects defects in one image.</summary>
    /// <param name="image">File, stream, bytes or raw pixels.</param>
    /// <param name="options">Class name, region of interest and the like; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Checked between the stages.</param>
    /// <exception cref="ImageDecodeException">The image cannot be read or exceeds the limits.</exception>
    /// <exception cref="ObjectDisposedException">The detector was disposed.</exception>
    AnomalyResult Detect(ImageInput image, DetectionOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Detects defects in several images with one forward pass per batch; results come in the order of the images.</summary>
    /// <param name="images">At least one image.</param>
    /// <param name="options">Applied to every image.</param>
    /// <param name="cancellationToken">Checked between the stages.</param>
    IReadOnlyList<AnomalyResult> DetectBatch(
        IReadOnlyList<ImageInput> images, DetectionOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Streams results in the order of the images. Decoding runs ahead of the model through a bounded channel, several images at a time
    /// where there are cores for it, so memory stays bounded however long the input is.
    /// </summary>
    /// <param name="images">Any number of images, pulled as the channel has room.</param>
    /// <param name="options">Applied to every image.</param>
    /// <param name="cancellationToken">Ends the stream.</param>
    IAsyncEnumerable<AnomalyResult> DetectAsync(
        IAsyncEnumerable<ImageInput> images, DetectionOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Detects defects in several images; one that fails does not end the others. Outcomes come in the order of the images, each with a result or an error.
    /// </summary>
    /// <param name="images">Any number of images.</param>
    /// <param name="options">Applied to every image.</param>
    /// <param name="cancellationToken">Ends the call: cancellation is no outcome of an image.</param>
    /// <exception cref="DetectionOptionsException">An option is wrong for every image.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The detector was disposed.</exception>
    /// <remarks>The default implementation calls <see cref="Detect"/> for each image.</remarks>
    IReadOnlyList<DetectionOutcome> DetectEach(
        IReadOnlyList<ImageInput> images, DetectionOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        return [.. images.Select(image => OneByOne.Detect(this, image, options, cancellationToken))];
    }

    /// <summary>
    /// Streams outcomes in the order of the images, each with a result or an error: <see cref="DetectAsync"/> for input of which some may be damaged.
    /// An error of <paramref name="images"/> itself ends the stream, after the outcomes of the images before it.
    /// </summary>
    /// <param name="images">Any number of images, pulled as there is room.</param>
    /// <param name="options">Applied to every image.</param>
    /// <param name="cancellationToken">Ends the stream: cancellation is no outcome of an image.</param>
    /// <remarks>The default implementation calls <see cref="Detect"/> for each image.</remarks>
    IAsyncEnumerable<DetectionOutcome> DetectEachAsync(
        IAsyncEnumerable<ImageInput> images, DetectionOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        return OneByOne.DetectAsync(this, images, options, cancellationToken);
    }
}
