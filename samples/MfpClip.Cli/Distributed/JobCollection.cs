using System.Threading.Channels;
using MfpClip.Cli.Detecting;
using MfpClip.Distributed;
using MfpClip.Imaging;

namespace MfpClip.Cli.Distributed;

/// <summary>
/// Outcomes of a job on their way into the outputs of <c>detect</c>: several photos are read and drawn at a time, reports are in the order submitted. The
/// overlay is drawn from the result's reduced map on the photo, which is read by its URI.
/// </summary>
internal sealed class JobCollection(ZeroShotDetector detector, DetectionOutputOptions options, ImageFetcher fetcher)
{
    private static int Ahead => Math.Clamp(Environment.ProcessorCount, 2, 8);

    /// <summary>Writes everything.</summary>
    /// <param name="images">Names of all images, in order.</param>
    /// <param name="outcomes">What became of each.</param>
    /// <param name="progress">Reported after each.</param>
    /// <param name="cancellationToken">Stops; what came before is written.</param>
    public async Task<DetectionSummary> RunAsync(
        IReadOnlyList<string> images, IAsyncEnumerable<CollectedImage> outcomes, IProgress<double> progress, CancellationToken cancellationToken)
    {
        using var written = new DetectionOutputs(detector.Description, options);
        written.Name(images);
        var (rows, failures, pending, done, readable) = (new List<DetectedRow>(), new List<string>(), 0, 0, 0);
        var drawing = Channel.CreateBounded<Task<DetectedImage?>>(new BoundedChannelOptions(Ahead) { SingleReader = true, SingleWriter = true });
        var reading = DrawAsync();
        await foreach (var task in drawing.Reader.ReadAllAsync(CancellationToken.None))
        {
            Add(await task);
        }

        bool cancelled = await reading;
        string? stopped = done < images.Count ? $"Stopped after {done} of {images.Count} images." : null;
        if (pending > 0)
        {
            failures.Add($"{pending} of {images.Count} images have no result yet: collect later, or with --wait. 'mfpclip status' says whether workers run.");
        }

        written.Complete(string.Join(" ", new[] { options.Notice, stopped }.OfType<string>()) is { Length: > 0 } notice ? notice : null);
        return new()
        {
            Results = rows, Failures = failures, ReportFailures = written.Failures, Report = written.Report, Files = written.Files, Readable = readable,
            NotDone = images.Count - done, IsCancelled = cancelled,
        };

        async Task<bool> DrawAsync()
        {
            try
            {
                await foreach (var image in outcomes.WithCancellation(cancellationToken))
                {
                    await drawing.Writer.WriteAsync(Task.Run(() => Draw(image, written), CancellationToken.None), CancellationToken.None);
                }

                return false;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return true;
            }
            finally
            {
                drawing.Writer.Complete(); // an error is thrown by whoever waits for this task
            }
        }

        void Add(DetectedImage? image)
        {
            progress.Report(++done);
            if (image is null)
            {
                pending++;
                return;
            }

            written.Add(image);
            var outcome = image.Outcome!;
            if (outcome.Error is { } error)
            {
                failures.Add(error.Message);
            }

            if (outcome.Result is { } r)
            {
                readable++;
                rows.Add(new(image.File, r.Score, r.CalibratedScore, r.IsAnomalous,
                    [.. r.Regions.Select(g => new DetectedBox(g.X, g.Y, g.Width, g.Height, g.Area, g.Peak, g.PeakX, g.PeakY))],
                    r.Timings.Total.TotalMilliseconds, image.OverlayFile));
            }
        }
    }

    // Null: pending.
    private async Task<DetectedImage?> Draw(CollectedImage collected, DetectionOutputs written)
    {
        if (collected.Outcome is not { } outcome)
        {
            return null;
        }

        var image = new DetectedImage { File = collected.Name, Outcome = outcome };
        if (outcome.Result is not { } result)
        {
            return image;
        }

        try
        {
            var (photo, fault) = await PhotoAsync(collected, result);
            image = image with { Photo = photo };
            if (result.ImageMap is not { HasValues: true } map)
            {
                return image.Failed(new WorkException($"Image '{collected.Name}': its result has no map, so no overlay is drawn."));
            }

            // Regions are those of the worker, which had the map in full.
            image = image with { Outcome = outcome with { Result = result with { ModelMap = map, ImageMap = MapResize.ToImage(map, photo.Width, photo.Height) } } };
            image = written.Write(image);
            return fault is null ? image : image.Failed(fault);
        }
        catch (Exception e)
        {
            return image.Failed(e);
        }
    }

    private async Task<(RgbImage Photo, Exception? Fault)> PhotoAsync(CollectedImage collected, AnomalyResult result)
    {
        try
        {
            var input = await fetcher.FetchAsync(collected.Item!.Image, collected.Item.ImageSha256);
            return (detector.Input.Decode(input), null);
        }
        catch (MfpClipException e)
        {
            byte[] grey = new byte[checked(3 * result.ImageWidth * result.ImageHeight)];
            Array.Fill(grey, (byte)128);
            return (new(result.ImageWidth, result.ImageHeight, grey), new WorkException($"The overlay is drawn on grey. {e.Message}", e));
        }
    }
}

/// <summary>An image of a job in the order submitted.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Item">Its work; <see langword="null"/> where it could not be submitted.</param>
/// <param name="Outcome">What became of it; <see langword="null"/>: pending.</param>
internal sealed record CollectedImage(string Name, WorkItem? Item, DetectionOutcome? Outcome)
{
    public static CollectedImage Of(JobOutcome outcome) =>
        new(ImageNames.Of(outcome.Item.Image), outcome.Item, outcome.IsPending ? null : outcome.ToDetection());

    /// <summary>Stores for photos whose bytes are known: only what hashes to them is ever shown, so every folder may be read; hosts are named.</summary>
    public static IReadOnlyList<IImageStore> Stores(IEnumerable<string> names, IReadOnlyList<string> hosts) => new ImageAccessOptions
    {
        Roots = [.. names.Where(Path.IsPathFullyQualified).Select(n => Path.GetPathRoot(n)!).Distinct(StringComparer.Ordinal)], Hosts = hosts,
    }.CreateStores();
}
