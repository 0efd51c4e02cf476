using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Pipeline;

namespace MfpClip.Tests.Detection;

/// <summary>A map that is no map is never returned, whatever the score beside it says.</summary>
public class MapValueTests
{
    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    [InlineData(7f)]
    [InlineData(-0.5f)]
    public void Values_that_no_map_has_are_an_error_of_their_image_alone(float value)
    {
        using var detector = ZeroShotDetector.FromPass(
            new OneValue(value), new() { Decoder = new SkiaImageDecoder(), Preprocessor = new SquareResize(8), Limits = new() });

        var outcomes = detector.DetectEach([Grey(10), Grey(200), Grey(20)]);

        Assert.Contains("a map with the value", Assert.IsType<InferenceException>(outcomes[1].Error).Message, StringComparison.Ordinal);
        Assert.All([outcomes[0], outcomes[2]], o => Assert.Equal(0.25f, o.GetResult().Score));
        Assert.Throws<InferenceException>(() => detector.Detect(Grey(200)));
    }

    private static ImageInput Grey(byte value) => ImageInput.FromPixels(new RgbImage(8, 8, [.. Enumerable.Repeat(value, 8 * 8 * 3)]), $"{value}");

    /// <summary>Bright images have one value of the map replaced; the score stays.</summary>
    private sealed class OneValue(float value) : IDetectionPass
    {
        public string Method => "one value";

        public IReadOnlyList<StageDescription> Stages => [];

        public Device Device => torch.CPU;

        public ScalarType Precision => ScalarType.Float32;

        public (Tensor Map, Tensor Score) Run(ImageBatch images, string className, Tensor? region, ForwardContext context)
        {
            var map = torch.full([images.Count, 8, 8], 0.5f);
            using var bright = images.Pixels(torch.CPU).flatten(1).amax(1);
            for (int i = 0; i < images.Count; i++)
            {
                if (bright[i].item<float>() > 0.5)
                {
                    map[i, 3, 4] = torch.tensor(value);
                }
            }

            return (map, torch.full([images.Count], 0.25f));
        }

        public object? GetService(Type serviceType) => serviceType.IsInstanceOfType(this) ? this : null;

        public void Dispose()
        {
        }
    }
}
