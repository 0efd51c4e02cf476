using MfpClip.Imaging;

namespace MfpClip.Distributed.Tests;

/// <summary>
/// A detector without a network: the score of an image is its mean red, its map the red of each pixel. One whose blue is 255 everywhere takes
/// <paramref name="slow"/>.
/// </summary>
internal sealed class BrightnessDetector(TimeSpan slow = default, string recipe = "a") : IZeroShotDetector
{
    private readonly SkiaImageDecoder _decoder = new();
    private int _running;

    public DetectorDescription Description { get; } = new()
    {
        Method = "brightness", Stages = [], Device = "cpu", Precision = "Float32", ImageSize = 8, LibraryVersion = "1", WeightsHash = new string('b', 64),
        CompositionHash = recipe,
    };

    public ScoreCalibration? Calibration { get; init; }

    /// <summary>Sizes of the batches and the class words of each, in order.</summary>
    public List<(int Size, string ClassName)> Batches { get; } = [];

    /// <summary>Called with every image before it is detected.</summary>
    public Action<string>? Detecting { get; init; }

    public AnomalyResult Detect(ImageInput image, DetectionOptions? options = null, CancellationToken cancellationToken = default)
    {
        Detecting?.Invoke(image.Name);
        var pixels = image.Pixels ?? _decoder.Decode(image.Bytes!.Value, image.Name, new());
        if (slow > TimeSpan.Zero && IsSlow(pixels))
        {
            Thread.Sleep(slow);
        }

        float[] map = [.. Enumerable.Range(0, pixels.Width * pixels.Height).Select(i => pixels.Data[3 * i] / 255f)];
        return new()
        {
            ImageName = image.Name, ClassName = options?.ClassName ?? "object", Score = map.Average(), ModelMap = new(pixels.Width, pixels.Height, map),
            ImageMap = new(pixels.Width, pixels.Height, map), ImageWidth = pixels.Width, ImageHeight = pixels.Height, PixelThreshold = 0.5f, Timings = new(),
            Regions = [new(1, 2, 3, 4, 5, 0.5f, 2, 3) { Contour = [new(1, 2), new(4, 2), new(4, 6)] }],
        };
    }

    public IReadOnlyList<DetectionOutcome> DetectEach(
        IReadOnlyList<ImageInput> images, DetectionOptions? options = null, CancellationToken cancellationToken = default)
    {
        Assert.Equal(1, Interlocked.Increment(ref _running)); // one batch after another
        try
        {
            Batches.Add((images.Count, options!.ClassName));
            return [.. images.Select(image =>
            {
                try
                {
                    return new DetectionOutcome { ImageName = image.Name, Result = Detect(image, options, cancellationToken) };
                }
                catch (Exception e)
                {
                    return new DetectionOutcome { ImageName = image.Name, Error = e };
                }
            })];
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    public IReadOnlyList<AnomalyResult> DetectBatch(
        IReadOnlyList<ImageInput> images, DetectionOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public IAsyncEnumerable<AnomalyResult> DetectAsync(
        IAsyncEnumerable<ImageInput> images, DetectionOptions? options = null, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public void Dispose()
    {
    }

    private static bool IsSlow(RgbImage pixels) => Enumerable.Range(0, pixels.Width * pixels.Height).All(i => pixels.Data[(3 * i) + 2] == 255);
}
