using System.Diagnostics;
using System.Threading.Channels;

namespace MfpClip.Cli.Detecting;

/// <summary>
/// Photos on their way through three stages that overlap: several are decoded ahead, one batch after another is detected, several are written. They come out in
/// order, and none that fails ends the others. Memory is bounded: <see cref="Ahead"/> photos wait at most before and after the detector.
/// </summary>
/// <param name="detector">The detector.</param>
/// <param name="options">Options of every detection.</param>
/// <param name="write">Writes what belongs to one photo; called from several threads.</param>
internal sealed class DetectionPipeline(ZeroShotDetector detector, DetectionOptions options, Func<DetectedImage, DetectedImage> write)
{
    // On a CPU a batch is hardly faster than its images; alone, each has the values that it has in every other run.
    private readonly int _batch = detector.Description.Device.StartsWith("cpu", StringComparison.Ordinal) ? 1 : 4;

    /// <summary>Photos that wait at most before the detector, and as many after it.</summary>
    private static int Ahead => Math.Clamp(Environment.ProcessorCount, 2, 8);

    /// <summary>All photos, each with its outcome.</summary>
    /// <param name="files">Photos.</param>
    /// <param name="finished">Called with each, in order, on the caller's thread.</param>
    /// <param name="cancellationToken">Stops; what was detected is still written and reported.</param>
    /// <exception cref="OperationCanceledException">It was cancelled, after <paramref name="finished"/> had what was detected.</exception>
    public void Run(IReadOnlyList<string> files, Action<DetectedImage> finished, CancellationToken cancellationToken)
    {
        var writing = Channel.CreateBounded<Task<DetectedImage>>(new BoundedChannelOptions(Ahead) { SingleReader = true, SingleWriter = true });
        var detecting = Task.Run(() => DetectAsync(files, writing.Writer, cancellationToken), CancellationToken.None);
        while (writing.Reader.WaitToReadAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult())
        {
            while (writing.Reader.TryRead(out var next))
            {
                finished(next.GetAwaiter().GetResult());
            }
        }

        detecting.GetAwaiter().GetResult();
    }

    private async Task DetectAsync(IReadOnlyList<string> files, ChannelWriter<Task<DetectedImage>> writing, CancellationToken cancellationToken)
    {
        var decoding = new Queue<Task<DetectedImage>>();
        try
        {
            int next = 0;
            for (int done = 0; done < files.Count; done += _batch)
            {
                for (; next < files.Count && decoding.Count < Ahead + _batch; next++)
                {
                    string file = files[next];
                    decoding.Enqueue(Task.Run(() => Decode(file), CancellationToken.None));
                }

                var batch = new List<DetectedImage>();
                while (batch.Count < _batch && decoding.TryDequeue(out var decoded))
                {
                    batch.Add(await decoded);
                }

                cancellationToken.ThrowIfCancellationRequested();
                foreach (var image in Detect(batch, cancellationToken))
                {
                    await writing.WriteAsync(Task.Run(() => Written(image), CancellationToken.None), CancellationToken.None);
                }
            }
        }
        finally
        {
            writing.Complete(); // an error is thrown by whoever waits for this task
            await Task.WhenAll(decoding);
        }
    }

    private DetectedImage Decode(string file)
    {
        long start = Stopwatch.GetTimestamp();
        var image = new DetectedImage { File = file };
        try
        {
            return image with { Photo = detector.Input.Decode(ImageInput.FromFile(file)), Decode = Stopwatch.GetElapsedTime(start) };
        }
        catch (Exception e)
        {
            return image.Failed(e);
        }
    }

    private List<DetectedImage> Detect(List<DetectedImage> batch, CancellationToken cancellationToken)
    {
        var readable = batch.Where(i => i.Photo is not null).ToList();
        var outcomes = new Queue<DetectionOutcome>(
            detector.DetectEach([.. readable.Select(i => ImageInput.FromPixels(i.Photo!, i.File))], options, cancellationToken));
        return [.. batch.Select(image => image.Photo is null ? image : image with { Outcome = Timed(outcomes.Dequeue(), image.Decode) })];
    }

    // Pixels were given to the detector: what it took to decode them is known here.
    private static DetectionOutcome Timed(DetectionOutcome outcome, TimeSpan decode) => outcome.Result is not { } result ? outcome : outcome with
    {
        Result = result with { Timings = result.Timings with { Decode = decode } },
    };

    private DetectedImage Written(DetectedImage image)
    {
        try
        {
            return image.Outcome!.Result is null ? image : write(image);
        }
        catch (Exception e)
        {
            return image.Failed(e);
        }
    }
}
