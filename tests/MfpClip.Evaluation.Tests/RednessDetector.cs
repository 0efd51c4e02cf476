using MfpClip.Diagnostics;

namespace MfpClip.Evaluation.Tests;

/// <summary>A detector for which red is anomalous: its map is the red channel at its own size, its score the map's maximum.</summary>
internal sealed class RednessDetector(int size = 16, Func<ImageInput, float>? score = null, bool coversWholeImage = true,
    float? threshold = null, params IReadOnlyList<StageDescription> stages) : IZeroShotDetector
{
    public bool Disposed { get; private set; }

    public RegionOfInterest? Inspected { get; init; }

    public List<string> ClassNames { get; } = [];

    public DetectorDescription Description { get; } = new()
    {
        Method = "redness", Device = "cpu", Precision = "Float32", ImageSize = size, LibraryVersion = "1", WeightsHash = new string('a', 64),
        Stages = [new() { Stage = "preprocessing", Component = "square" }, .. stages], CoversWholeImage = coversWholeImage,
    };

    public ScoreCalibration? Calibration => null;

    public AnomalyResult Detect(ImageInput image, DetectionOptions? options = null, CancellationToken cancellationToken = default) =>
        DetectBatch([image], options, cancellationToken)[0];

    public IReadOnlyList<AnomalyResult> DetectBatch(
        IReadOnlyList<ImageInput> images, DetectionOptions? options = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (ClassNames)
        {
            ClassNames.Add(options!.ClassName);
        }

        return [.. images.Select(i => One(i, options!))];
    }

    public IAsyncEnumerable<AnomalyResult> DetectAsync(
        IAsyncEnumerable<ImageInput> images, DetectionOptions? options = null, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public void Dispose() => Disposed = true;

    private AnomalyResult One(ImageInput input, DetectionOptions options)
    {
        var image = input.Pixels!;
        AnomalyMap At(int w, int h) => new(w, h, [
            .. Enumerable.Range(0, w * h).Select(i => image.Data[3 * (((i / w * image.Height / h) * image.Width) + (i % w * image.Width / w))] / 255f)]);
        var map = At(size, size);
        float value = score?.Invoke(input) ?? map.Data.Max();
        return new()
        {
            InspectedRegion = Inspected, Threshold = threshold, IsAnomalous = threshold is { } t ? value >= t : null,
            ImageName = input.Name, ClassName = options.ClassName, Score = value, ModelMap = map, PixelThreshold = 0.5f,
            ImageMap = options.IncludeImageMap ? At(image.Width, image.Height) : null, ImageWidth = image.Width, ImageHeight = image.Height, Timings = new(),
        };
    }
}
