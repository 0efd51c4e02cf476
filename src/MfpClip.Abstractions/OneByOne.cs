using System.Runtime.CompilerServices;

namespace MfpClip;

/// <summary>Outcomes of detectors that bring no batches of their own for them.</summary>
internal static class OneByOne
{
    public static DetectionOutcome Detect(IZeroShotDetector detector, ImageInput image, DetectionOptions? options, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return DetectionOutcome.Of(detector.Detect(image, options, cancellationToken));
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && IsOfImage(e))
        {
            return DetectionOutcome.Of(image.Name, e);
        }
    }

    public static async IAsyncEnumerable<DetectionOutcome> DetectAsync(
        IZeroShotDetector detector, IAsyncEnumerable<ImageInput> images, DetectionOptions? options,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var image in images.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            yield return await Task.Run(() => Detect(detector, image, options, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
    }

    // A region of interest that does not fit is a fault of this image: others may have its size.
    private static bool IsOfImage(Exception error) => error is not ObjectDisposedException
        && error is not DetectionOptionsException { Option: not nameof(DetectionOptions.RegionOfInterest) };
}
