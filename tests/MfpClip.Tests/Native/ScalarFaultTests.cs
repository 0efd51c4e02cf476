using System.Runtime.InteropServices;
using MfpClip.Data.Procedural;
using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Objectives;
using MfpClip.Pipeline;

namespace MfpClip.Tests.Native;

public class ScalarFaultTests
{
    // As TorchSharp 0.107 raised it.
    private const string Lost = "Unknown scalar type. Exception raised from type at /pytorch/c10/core/Scalar.h:339 (most recent call first)";

    private const string OfAnotherType =
        "Expected false to be true, but got false. Exception raised from toFloat at /pytorch/c10/core/Scalar.h:140 (most recent call first)";

    private static readonly RgbImage Photo = new(8, 8, new byte[192]);

    private static ZeroShotDetector Detector(FailingPass pass) =>
        ZeroShotDetector.FromPass(pass, new() { Decoder = new SkiaImageDecoder(), Preprocessor = new SquareResize(8), Limits = new() });

    [Theory]
    [InlineData(Lost)]
    [InlineData(OfAnotherType)]
    public void A_batch_that_lost_a_number_is_computed_once_more(string message)
    {
        var pass = new FailingPass(1, message);
        using var detector = Detector(pass);
        long before = LiveTensors.Settle();

        var result = detector.Detect(Photo);

        Assert.Equal(0.25f, result.Score);
        Assert.Equal(2, pass.Calls);
        Assert.Equal(["stage"], result.Timings.ForwardStages.Keys);
        Assert.Equal(before, torch.Tensor.TotalCount);
    }

    [Theory]
    [InlineData(2, Lost, 2)]
    [InlineData(1, "Dimension out of range", 1)]
    public void Other_faults_and_the_same_one_twice_are_thrown(int failures, string message, int calls)
    {
        var pass = new FailingPass(failures, message);
        using var detector = Detector(pass);

        Assert.Equal(message, Assert.Throws<ExternalException>(() => detector.Detect(Photo)).Message);
        Assert.Equal(calls, pass.Calls);
        Assert.Equal(0.25f, detector.Detect(Photo).Score);
    }

    private sealed class FailingPass(int failures, string message) : IDetectionPass
    {
        public int Calls { get; private set; }

        public string Method => "failing";

        public IReadOnlyList<StageDescription> Stages => [];

        public Device Device => torch.CPU;

        public ScalarType Precision => ScalarType.Float32;

        public ITrainableMethod? Trainable => null;

        public (Tensor Map, Tensor Score) Run(ImageBatch images, string className, Tensor? region, ForwardContext context)
        {
            context.Trace!.Finish("stage");
            return ++Calls <= failures ? throw new ExternalException(message)
                : (torch.zeros(images.Count, images.Height, images.Width), torch.full(images.Count, 0.25f));
        }

        public void Dispose()
        {
        }
    }
}
