using System.Diagnostics;
using System.Threading.Channels;

namespace MfpClip.Cli.Detecting;

/// <summary>
/// Photos on their way through three stages that overlap: several are decoded ahead, one batch after another is detected, several are written. They come out in
/// order, and none that fails ends the others. Memory is bounded: <see cref="Ahead"/> photos wait at most before and after the detector, and large
/// ones go through one after another.
/// </summary>
/// <param name="detector">The detector.</param>
/// <param name="options">Options of every detection.</param>
/// <param name="keepsMaps">Whether maps at the size of the image are written, whatever they take; else those of large photos are left out.</param>
/// <param name="write">Writes what belongs to one photo; called from several threads.</param>
internal sealed class DetectionPipeline(
    ZeroShotDetector detector, DetectionOptions options, bool keepsMaps, Func<DetectedImage, DetectedImage> write)
{
    // On a CPU a batch is hardly faster than its images; alone, each has the values that it has in every other run.
    private readonly int _batch = detector.Description.Device.StartsWith("cpu", StringComparison.Ordinal) ? 1 : 4;

    /// <summary>Photos that wait at most before the detector, and as many after it.</summary>
    private static int Ahead => Math.Clamp(ThreadLimit.Count, 2, 8);

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
        bool large = true; // until the first one is known
        try
        {
            for (int next = 0; next < files.Count || decoding.Count > 0;)
            {
                for (; next < files.Count && decoding.Count < (large ? 1 : Ahead + _batch); next++)
                {
                    string file = files[next];
                    decoding.Enqueue(Task.Run(() => Decode(file), CancellationToken.None));
                }

                var batch = new List<DetectedImage>();
                while (batch.Count < _batch && decoding.TryDequeue(out var decoded))
                {
                    batch.Add(await decoded);
                    large = batch[^1].IsLarge;
                    if (large)
                    {
                        break;
                    }
                }

                cancellationToken.ThrowIfCancellationRequested();
                foreach (var image in Detect(batch, cancellationToken))
                {
                    var written = Task.Run(() => Written(image), CancellationToken.None);
                    await writing.WriteAsync(written, CancellationToken.None);
                    if (large)
                    {
                        await written;
                    }
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
            return IsReadByRows(file) ? image with { IsReadByRows = true, Decode = Stopwatch.GetElapsedTime(start) }
                : image with { Photo = detector.Input.Decode(ImageInput.FromFile(file)), Decode = Stopwatch.GetElapsedTime(start) };
        }
        catch (Exception e)
        {
            return image.Failed(e);
        }
    }

    // As the detector decides.
    private bool IsReadByRows(string file)
    {
        if (detector.Tiling is not { } tiling || detector.Input.Decoder is not IImageRowDecoder decoder)
        {
            return false;
        }

        try
        {
            using var rows = decoder.OpenRows(file, tiling.Rows);
            return rows is not null && (long)rows.Width * rows.Height * 3 > tiling.MaximumImageBytes;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // decoding says what is wrong
        }
    }

    private List<DetectedImage> Detect(List<DetectedImage> batch, CancellationToken cancellationToken)
    {
        var readable = batch.Where(i => i.Outcome is null).ToList();
        var asked = keepsMaps || !batch.Exists(i => i.IsReduced && !i.IsReadByRows) ? options : options with { IncludeImageMap = false };
        var outcomes = new Queue<DetectionOutcome>(detector.DetectEach([.. readable.Select(i => i.Input)], asked, cancellationToken));
        return [.. batch.Select(image => image.Outcome is not null ? image : image with
        {
            Outcome = image.IsReadByRows ? outcomes.Dequeue() : Timed(outcomes.Dequeue(), image.Decode),
        })];
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
