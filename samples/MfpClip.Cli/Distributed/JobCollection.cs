using System.Threading.Channels;
using MfpClip.Cli.Detecting;
using MfpClip.Distributed;
using MfpClip.Imaging;
using MfpClip.Output;

namespace MfpClip.Cli.Distributed;

/// <summary>
/// Outcomes of a job on their way into the outputs of <c>detect</c>: several photos are read and drawn at a time, reports are in the order submitted. The
/// overlay is drawn from the result's reduced map on the photo, which is read by its URI.
/// </summary>
internal sealed class JobCollection(ZeroShotDetector detector, DetectionOutputOptions options, ImageFetcher fetcher)
{
    private const long LargeBytes = 48_000_000;
    private const int GreySide = 2048;

    private static int Ahead => Math.Clamp(ThreadLimit.Count, 2, 8);

    /// <summary>Writes everything.</summary>
    /// <param name="images">Names of all images, in order.</param>
    /// <param name="outcomes">What became of each.</param>
    /// <param name="progress">Reported after each.</param>
    /// <param name="cancellationToken">Stops; what came before is written.</param>
    public async Task<DetectionSummary> RunAsync(
        IReadOnlyList<string> images, IAsyncEnumerable<CollectedImage> outcomes, IProgress<double> progress, CancellationToken cancellationToken)
    {
        using var written = new DetectionOutputs(detector, options);
        written.Name(images);
        var (rows, failures, pending, done, readable) = (new List<DetectedRow>(), new List<string>(), 0, 0, 0);
        var notices = new NoticeCounts();
        var drawing = Channel.CreateBounded<Task<DetectedImage?>>(new BoundedChannelOptions(Ahead) { SingleReader = true, SingleWriter = true });
        var reading = ReadAsync();
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
            Notices = notices.Lines, NotDone = images.Count - done, IsCancelled = cancelled,
        };

        async Task<bool> ReadAsync()
        {
            try
            {
                await foreach (var image in outcomes.WithCancellation(cancellationToken))
                {
                    var drawn = Task.Run(() => DrawAsync(image, written, cancellationToken), CancellationToken.None);
                    await drawing.Writer.WriteAsync(drawn, CancellationToken.None);
                    if (image.Outcome?.Result is { } result && 3L * result.ImageWidth * result.ImageHeight > LargeBytes)
                    {
                        await drawn; // one large photo at a time
                    }
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
                notices.Add([.. r.Notices, .. image.Notices]);
                rows.Add(new(image.File, r.Score, r.CalibratedScore, r.IsAnomalous,
                    [.. r.Regions.Select(g => new DetectedBox(g.X, g.Y, g.Width, g.Height, g.Area, g.Peak, g.PeakX, g.PeakY))],
                    r.Timings.Total.TotalMilliseconds, image.OverlayFile, image.ZoomFile));
            }
        }
    }

    // Null: pending.
    private async Task<DetectedImage?> DrawAsync(CollectedImage collected, DetectionOutputs written, CancellationToken cancellationToken)
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
            if (result.ImageMap is not { HasValues: true } map)
            {
                return image.Failed(new WorkException($"Image '{collected.Name}': its result has no map, so no overlay is drawn."));
            }

            // Regions are those of the worker, which had the map in full. A photo that is read by rows is drawn from its file, as 'detect' does.
            bool byRows = IsReadByRows(collected.Item!, result);
            var fitting = result with { ModelMap = map, ImageMap = byRows ? null : MapResize.ToImage(map, result.ImageWidth, result.ImageHeight) };
            var (photo, fault) = await PhotoAsync(collected, result, byRows);
            image = written.Write(image with { Photo = photo, IsReadByRows = photo is null, Outcome = outcome with { Result = fitting } }, cancellationToken);
            return fault is null ? image : image.Failed(fault);
        }
        catch (Exception e)
        {
            return image.Failed(e);
        }
    }

    private bool IsReadByRows(WorkItem item, AnomalyResult result) =>
        detector.Tiling is { } tiling && item.Image.IsFile && 3L * result.ImageWidth * result.ImageHeight > tiling.MaximumImageBytes;

    // No photo, where the outputs read it by rows; grey, where it cannot be read.
    private async Task<(RgbImage? Photo, Exception? Fault)> PhotoAsync(CollectedImage collected, AnomalyResult result, bool byRows)
    {
        try
        {
            var input = await fetcher.FetchAsync(collected.Item!.Image, collected.Item.ImageSha256, asFile: byRows);
            return (byRows ? null : detector.Input.Decode(input), null);
        }
        catch (MfpClipException e)
        {
            double scale = Math.Min(1, (double)GreySide / Math.Max(result.ImageWidth, result.ImageHeight));
            int width = Math.Max(1, (int)(result.ImageWidth * scale)), height = Math.Max(1, (int)(result.ImageHeight * scale));
            byte[] grey = new byte[3 * width * height];
            Array.Fill(grey, (byte)128);
            return (new(width, height, grey), new WorkException($"The overlay is drawn on grey. {e.Message}", e));
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
