using System.Runtime.InteropServices;
using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Objectives;
using MfpClip.Pipeline;

namespace MfpClip.Tests.Detection;

/// <summary>One image that fails does not end the others, wherever it fails.</summary>
public class DetectionOutcomeTests
{
    // Grey values at which the pass below fails.
    private const byte NotFinite = 200, Thrown = 210;

    private static ZeroShotDetector Detector(IDetectionPass pass, IImageDecoder? decoder = null) => ZeroShotDetector.FromPass(
        pass, new() { Decoder = decoder ?? new SkiaImageDecoder(), Preprocessor = new SquareResize(8), Limits = new() }, batchSize: 3);

    [Fact]
    public void Each_image_of_a_batch_has_its_own_result_or_error()
    {
        var pass = new GreyPass();
        using var detector = Detector(pass);
        long before = LiveTensors.Settle();

        var outcomes = detector.DetectEach(Images());

        Assert.Equal(Images().Select(i => i.Name), outcomes.Select(o => o.ImageName));
        AssertOutcomes(outcomes);
        Assert.Equal(before, torch.Tensor.TotalCount);
    }

    [Fact]
    public async Task Each_image_of_a_stream_has_its_own_result_or_error()
    {
        using var detector = Detector(new GreyPass());
        var outcomes = new List<DetectionOutcome>();

        await foreach (var outcome in detector.DetectEachAsync(Source(Images())))
        {
            outcomes.Add(outcome);
        }

        AssertOutcomes(outcomes);
    }

    [Fact]
    public void Unreadable_images_take_no_place_in_the_forward_pass()
    {
        var pass = new GreyPass();
        using var detector = Detector(pass);

        detector.DetectEach([Torn("a"), Grey(10), Torn("b")]);

        Assert.Equal([1], pass.Batches);
        Assert.Empty(detector.DetectEach([]));
        Assert.IsType<ImageDecodeException>(Assert.Single(detector.DetectEach([Torn("only")])).Error);
    }

    [Fact]
    public void What_a_decoder_of_the_user_throws_is_an_error_of_its_image()
    {
        using var detector = Detector(new GreyPass(), new FaultyDecoder());

        var outcomes = detector.DetectEach([Grey(10), Torn("vendor"), Grey(20)]);

        Assert.Equal("camera SDK", Assert.IsType<NotImplementedException>(outcomes[1].Error).Message);
        Assert.All([outcomes[0], outcomes[2]], o => Assert.NotNull(o.Result));
        Assert.Throws<NotImplementedException>(outcomes[1].GetResult);
    }

    [Fact]
    public void A_region_of_interest_of_another_size_fails_for_that_image_only()
    {
        using var detector = Detector(new GreyPass());
        var options = new DetectionOptions { RegionOfInterest = RegionOfInterest.Rectangle(8, 8, 0, 0, 4, 4) };
        var large = ImageInput.FromPixels(new RgbImage(9, 9, new byte[243]), "large");

        var outcomes = detector.DetectEach([Grey(10), large], options);

        Assert.NotNull(outcomes[0].Result);
        Assert.Contains("9 x 9", Assert.IsType<DetectionOptionsException>(outcomes[1].Error).Message, StringComparison.Ordinal);
        Assert.IsType<DetectionOptionsException>(((IZeroShotDetector)new Foreign(detector)).DetectEach([large], options)[0].Error);
    }

    [Fact]
    public async Task Wrong_options_cancellation_and_a_disposed_detector_end_the_call()
    {
        var detector = Detector(new GreyPass());
        using var stopped = new CancellationTokenSource();
        await stopped.CancelAsync();

        Assert.Throws<DetectionOptionsException>(() => detector.DetectEach([Grey(10)], new() { ClassName = " " }));
        Assert.ThrowsAny<OperationCanceledException>(() => detector.DetectEach([Grey(10)], null, stopped.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in detector.DetectEachAsync(Source([Grey(10)]), null, stopped.Token))
            {
            }
        });
        detector.Dispose();
        Assert.Throws<ObjectDisposedException>(() => detector.DetectEach([Grey(10)]));
        Assert.Throws<ObjectDisposedException>(() => ((IZeroShotDetector)new Foreign(detector)).DetectEach([Grey(10)]));
    }

    [Fact]
    public async Task A_detector_without_outcomes_of_its_own_has_them_by_default()
    {
        using var detector = Detector(new GreyPass());
        IZeroShotDetector foreign = new Foreign(detector);
        var streamed = new List<DetectionOutcome>();
        await foreach (var outcome in foreign.DetectEachAsync(Source(Images())))
        {
            streamed.Add(outcome);
        }

        AssertOutcomes(foreign.DetectEach(Images()));
        AssertOutcomes(streamed);
    }

    private static List<ImageInput> Images() =>
        [Grey(10), Torn("torn"), Grey(NotFinite), Grey(20), Grey(Thrown), ImageInput.FromFile("/nowhere/at/all.png"), Grey(30)];

    private static void AssertOutcomes(IReadOnlyList<DetectionOutcome> outcomes)
    {
        Assert.Equal([10, null, null, 20, null, null, 30], outcomes.Select(o => o.Result is { } r ? (int?)Math.Round(r.Score * 255) : null));
        Assert.All(outcomes, o => Assert.NotEqual(o.Result is null, o.Error is null));
        Assert.IsType<ImageDecodeException>(outcomes[1].Error);
        Assert.Contains("'grey 200'", Assert.IsType<InferenceException>(outcomes[2].Error).Message, StringComparison.Ordinal);
        Assert.IsType<ExternalException>(outcomes[4].Error);
        Assert.Contains("there is no such file", Assert.IsType<ImageDecodeException>(outcomes[5].Error).Message, StringComparison.Ordinal);
        Assert.Throws<ImageDecodeException>(outcomes[1].GetResult);
        Assert.Contains("torn", outcomes[1].ToString(), StringComparison.Ordinal);
    }

    private static ImageInput Grey(byte value) => ImageInput.FromPixels(new RgbImage(8, 8, [.. Enumerable.Repeat(value, 192)]), $"grey {value}");

    private static ImageInput Torn(string name) => ImageInput.FromBytes(new byte[] { 1, 2, 3 }, name);

    private static async IAsyncEnumerable<ImageInput> Source(IEnumerable<ImageInput> images)
    {
        foreach (var image in images)
        {
            await Task.Yield();
            yield return image;
        }
    }

    /// <summary>The mean grey is the score; some greys are not finite, others end the whole batch.</summary>
    private sealed class GreyPass : IDetectionPass
    {
        public List<int> Batches { get; } = [];

        public string Method => "grey";

        public IReadOnlyList<StageDescription> Stages => [];

        public Device Device => torch.CPU;

        public ScalarType Precision => ScalarType.Float32;

        public ITrainableMethod? Trainable => null;

        public (Tensor Map, Tensor Score) Run(ImageBatch images, string className, Tensor? region, ForwardContext context)
        {
            Batches.Add(images.Count);
            float[] grey = images.Pixels(torch.CPU).to_type(ScalarType.Float32).flatten(1).amax(1).data<float>().ToArray();
            if (grey.Max() <= 1)
            {
                grey = [.. grey.Select(g => g * 255)];
            }

            return grey.Any(g => Math.Abs(g - Thrown) < 0.5) ? throw new ExternalException("out of memory")
                : (torch.zeros(images.Count, images.Height, images.Width),
                    torch.tensor(grey.Select(g => Math.Abs(g - NotFinite) < 0.5 ? float.NaN : g / 255).ToArray()));
        }

        public void Dispose()
        {
        }
    }

    private sealed class FaultyDecoder : IImageDecoder
    {
        public string Name => "faulty";

        public RgbImage Decode(ReadOnlyMemory<byte> encoded, string source, ImageLimits limits) => throw new NotImplementedException("camera SDK");
    }

    /// <summary>A detector from before outcomes.</summary>
    private sealed class Foreign(ZeroShotDetector inner) : IZeroShotDetector
    {
        public DetectorDescription Description => inner.Description;

        public ScoreCalibration? Calibration => null;

        public AnomalyResult Detect(ImageInput image, DetectionOptions? options = null, CancellationToken cancellationToken = default) =>
            inner.Detect(image, options, cancellationToken);

        public IReadOnlyList<AnomalyResult> DetectBatch(
            IReadOnlyList<ImageInput> images, DetectionOptions? options = null, CancellationToken cancellationToken = default) =>
            inner.DetectBatch(images, options, cancellationToken);

        public IAsyncEnumerable<AnomalyResult> DetectAsync(
            IAsyncEnumerable<ImageInput> images, DetectionOptions? options = null, CancellationToken cancellationToken = default) =>
            inner.DetectAsync(images, options, cancellationToken);

        public void Dispose()
        {
        }
    }
}
