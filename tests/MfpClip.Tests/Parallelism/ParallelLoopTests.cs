using MfpClip.Parallelism;
using MfpClip.Tests.Detection;

namespace MfpClip.Tests.Parallelism;

/// <summary>Pieces of a batch beside one another look as if they had been done one after another.</summary>
public class ParallelLoopTests
{
    // On one core nothing runs side by side: then the wait ends by itself, and what is asserted holds all the same.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    [Fact]
    public void Results_come_in_order()
    {
        using var last = new ManualResetEventSlim();
        int[] results = ParallelLoop.Run(50, i =>
        {
            if (i == 49)
            {
                last.Set();
            }
            else if (i == 0)
            {
                last.Wait(Patience); // the first ends after the last
            }

            return i * i;
        });

        Assert.Equal(Enumerable.Range(0, 50).Select(i => i * i), results);
    }

    [Fact]
    public void The_first_in_order_that_fails_is_told_and_not_wrapped()
    {
        using var other = new ManualResetEventSlim();
        var e = Assert.Throws<ImageDecodeException>(() => ParallelLoop.Run(30, i =>
        {
            if (i == 2)
            {
                other.Wait(Patience); // fails after the other one did
            }

            if (i is 2 or 20)
            {
                other.Set();
                throw new ImageDecodeException($"image {i}", "broken");
            }

            return i;
        }));

        Assert.Equal("image 2", e.ImageName);
    }

    [Fact]
    public void A_broken_image_in_a_batch_is_named_and_the_detector_goes_on()
    {
        using var detector = ZeroShotDetectorTests.Builder().WithBatchSize(4).Build();
        var good = ImageInput.FromPixels(ZeroShotDetectorTests.Picture(1), "good");
        var broken = ImageInput.FromBytes(new byte[] { 1, 2, 3 }, "broken");

        var e = Assert.ThrowsAny<MfpClipException>(() => detector.DetectBatch([good, broken, good]));

        Assert.Contains("broken", e.Message, StringComparison.Ordinal);
        Assert.Equal(2, detector.DetectBatch([good, good]).Count);
    }

    [Fact]
    public void Cancelling_ends_with_the_cancellation_itself()
    {
        using var detector = ZeroShotDetectorTests.Builder().WithBatchSize(4).Build();
        var image = ImageInput.FromPixels(ZeroShotDetectorTests.Picture(1), "a");
        Assert.Throws<OperationCanceledException>(() => detector.DetectBatch([image, image, image], null, new CancellationToken(canceled: true)));
    }
}
