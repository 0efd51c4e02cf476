using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace MfpClip.Tests.Detection;

/// <summary>Images as they come, several decoded at a time.</summary>
public class DetectionStreamTests
{
    [Fact]
    public async Task Results_come_in_order_and_are_those_of_single_calls()
    {
        using var detector = ZeroShotDetectorTests.Builder().WithBatchSize(3).Build();
        var images = Enumerable.Range(0, 11).Select(i => ImageInput.FromPixels(ZeroShotDetectorTests.Picture(i, i % 3 == 0 ? 700 : 90), $"{i}")).ToList();

        var results = await Collect(detector.DetectAsync(Source(images)));

        Assert.Equal(images.Select(i => i.Name), results.Select(r => r.ImageName));
        Assert.All(results.Zip(images), p => Assert.Equal(detector.Detect(p.Second).Score, p.First.Score, 1e-4f));
    }

    [Fact]
    public async Task Images_before_a_broken_one_are_detected()
    {
        using var detector = ZeroShotDetectorTests.Builder().WithBatchSize(4).Build();
        var good = ImageInput.FromPixels(ZeroShotDetectorTests.Picture(1), "good");
        var results = new List<AnomalyResult>();

        var e = await Assert.ThrowsAnyAsync<MfpClipException>(async () =>
        {
            await foreach (var result in detector.DetectAsync(Source([good, good, ImageInput.FromBytes(new byte[] { 1, 2, 3 }, "torn"), good])))
            {
                results.Add(result);
            }
        });

        Assert.Equal(2, results.Count);
        Assert.Contains("torn", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_source_throws_comes_after_the_images_before_it()
    {
        using var detector = ZeroShotDetectorTests.Builder().WithBatchSize(4).Build();
        int seen = 0;

        await Assert.ThrowsAsync<InvalidDataException>(async () =>
        {
            await foreach (var _ in detector.DetectAsync(Ending()))
            {
                seen++;
            }
        });

        Assert.Equal(3, seen);

        static async IAsyncEnumerable<ImageInput> Ending()
        {
            for (int i = 0; i < 3; i++)
            {
                yield return ImageInput.FromPixels(ZeroShotDetectorTests.Picture(i), $"{i}");
            }

            await Task.Yield();
            throw new InvalidDataException();
        }
    }

    [Fact]
    public async Task A_camera_that_waits_for_each_answer_gets_it()
    {
        using var detector = ZeroShotDetectorTests.Builder().WithBatchSize(8).Build();
        var answers = Channel.CreateUnbounded<string>();
        int count = 0;
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1)); // a test that hangs tells nobody why

        await foreach (var result in detector.DetectAsync(Camera(patience.Token), cancellationToken: patience.Token))
        {
            count++;
            answers.Writer.TryWrite(result.ImageName);
        }

        Assert.Equal(4, count);

        async IAsyncEnumerable<ImageInput> Camera([EnumeratorCancellation] CancellationToken token)
        {
            for (int i = 0; i < 4; i++)
            {
                yield return ImageInput.FromPixels(ZeroShotDetectorTests.Picture(i), $"{i}");
                Assert.Equal($"{i}", await answers.Reader.ReadAsync(token));
            }
        }
    }

    [Fact]
    public async Task A_consumer_that_stops_ends_the_source()
    {
        using var detector = ZeroShotDetectorTests.Builder().WithBatchSize(2).Build();
        var ended = new TaskCompletionSource();

        await foreach (var _ in detector.DetectAsync(Endless()))
        {
            break;
        }

        await ended.Task.WaitAsync(TimeSpan.FromMinutes(1));

        async IAsyncEnumerable<ImageInput> Endless([EnumeratorCancellation] CancellationToken token = default)
        {
            try
            {
                for (int i = 0; ; i++)
                {
                    token.ThrowIfCancellationRequested();
                    await Task.Yield();
                    yield return ImageInput.FromPixels(ZeroShotDetectorTests.Picture(i % 5), $"{i}");
                }
            }
            finally
            {
                ended.SetResult();
            }
        }
    }

    [Fact]
    public async Task Cancelling_ends_the_stream()
    {
        using var detector = ZeroShotDetectorTests.Builder().WithBatchSize(2).Build();
        using var stop = new CancellationTokenSource();
        var images = Enumerable.Repeat(ImageInput.FromPixels(ZeroShotDetectorTests.Picture(1), "a"), 500);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in detector.DetectAsync(Source(images), cancellationToken: stop.Token))
            {
                await stop.CancelAsync();
            }
        });
    }

    private static async IAsyncEnumerable<ImageInput> Source(IEnumerable<ImageInput> images)
    {
        foreach (var image in images)
        {
            await Task.Yield();
            yield return image;
        }
    }

    private static async Task<List<AnomalyResult>> Collect(IAsyncEnumerable<AnomalyResult> results)
    {
        var all = new List<AnomalyResult>();
        await foreach (var result in results)
        {
            all.Add(result);
        }

        return all;
    }
}
