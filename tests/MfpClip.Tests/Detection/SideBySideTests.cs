using MfpClip.Detection;

namespace MfpClip.Tests.Detection;

/// <summary>Pieces of a batch beside one another look as if they had been done one after another.</summary>
public class SideBySideTests
{
    [Fact]
    public void Results_come_in_order()
    {
        int[] results = SideBySide.Run(50, i =>
        {
            Thread.Sleep(i % 7 == 0 ? 2 : 0); // some are late
            return i * i;
        });

        Assert.Equal(Enumerable.Range(0, 50).Select(i => i * i), results);
    }

    [Fact]
    public void The_first_in_order_that_fails_is_told_and_not_wrapped()
    {
        for (int round = 0; round < 20; round++)
        {
            var e = Assert.Throws<ImageDecodeException>(() => SideBySide.Run(30, i => i switch
            {
                4 => Fail(i, 3), // later in time than the next one
                5 or 11 => Fail(i, 0),
                _ => i,
            }));
            Assert.Contains("image 4", e.Message, StringComparison.Ordinal);
        }

        static int Fail(int i, int wait)
        {
            Thread.Sleep(wait);
            throw new ImageDecodeException($"image {i}", "broken");
        }
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
