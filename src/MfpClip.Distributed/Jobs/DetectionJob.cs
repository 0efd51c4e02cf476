using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace MfpClip.Distributed;

/// <summary>Images that are submitted together and collected in the order submitted.</summary>
public static class DetectionJob
{
    private static readonly TimeSpan ShortestPoll = TimeSpan.FromMilliseconds(5), LongestPoll = TimeSpan.FromMilliseconds(500);

    /// <summary>A name for a job that no other has: the time, and eight random digits.</summary>
    public static string NewName() => FormattableString.Invariant($"{DateTime.UtcNow:yyyyMMdd-HHmmss}-{Random.Shared.Next():x8}");

    /// <summary>Submits images, one after another, so that they are stored in their order.</summary>
    /// <param name="queue">Where to.</param>
    /// <param name="fetcher">Hashes the images.</param>
    /// <param name="detector">The detector whose results are meant.</param>
    /// <param name="images">Absolute URIs.</param>
    /// <param name="className">Class words.</param>
    /// <param name="job">Name of the job (<see cref="NewName"/>). The same images a second time under one name are duplicates.</param>
    /// <param name="cancellationToken">Ends the call; what was submitted is detected.</param>
    /// <returns>Each image with its work, or why it was not submitted.</returns>
    public static async IAsyncEnumerable<Submission> SubmitAsync(
        IWorkQueue queue, ImageFetcher fetcher, DetectorFingerprint detector, IEnumerable<Uri> images, string className, string job,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(queue);
        ArgumentNullException.ThrowIfNull(fetcher);
        ArgumentNullException.ThrowIfNull(images);
        long index = 0;
        foreach (var image in images)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return await SubmitAsync(image, index++).ConfigureAwait(false);
        }

        async Task<Submission> SubmitAsync(Uri image, long place)
        {
            using var span = WorkTelemetry.Source.StartActivity("submit", ActivityKind.Producer);
            span?.SetTag(WorkTelemetry.JobTag, job);
            try
            {
                var item = new WorkItem
                {
                    Image = image, ImageSha256 = await fetcher.HashAsync(image, cancellationToken).ConfigureAwait(false), ClassName = ClassWords.Of(className),
                    Detector = detector, Job = job, Index = place,
                };
                return new(image, item, await queue.SubmitAsync(item, cancellationToken).ConfigureAwait(false), null);
            }
            catch (ImageFetchException e)
            {
                span?.SetStatus(ActivityStatusCode.Error, e.Message);
                return new(image, null, false, e);
            }
        }
    }

    /// <summary>What became of work, in its order.</summary>
    /// <param name="results">Where results are.</param>
    /// <param name="items">The work (<see cref="IWorkQueue.ReadJobAsync"/>).</param>
    /// <param name="wait">Whether work that is pending is waited for.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public static async IAsyncEnumerable<JobOutcome> CollectAsync(
        IResultSink results, IAsyncEnumerable<WorkItem> items, bool wait, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(results);
        ArgumentNullException.ThrowIfNull(items);
        var pause = ShortestPoll; // follows how fast results come, so that a slow job is not asked for a hundred times a result
        await foreach (var item in items.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            var outcome = await FindAsync(results, item, cancellationToken).ConfigureAwait(false);
            pause = pause / 2 > ShortestPoll ? pause / 2 : ShortestPoll;
            for (; wait && outcome.IsPending; pause = pause + pause < LongestPoll ? pause + pause : LongestPoll)
            {
                await Task.Delay(pause, cancellationToken).ConfigureAwait(false);
                outcome = await FindAsync(results, item, cancellationToken).ConfigureAwait(false);
            }

            yield return outcome;
        }
    }

    private static async Task<JobOutcome> FindAsync(IResultSink results, WorkItem item, CancellationToken cancellationToken) =>
        await results.ReadAsync(item.Key, cancellationToken).ConfigureAwait(false) is { } result ? new(item, result, null)
            : new(item, null, await results.ReadDeadAsync(item.Id, cancellationToken).ConfigureAwait(false));
}

/// <summary>An image that was submitted, or why it was not.</summary>
/// <param name="Image">The image.</param>
/// <param name="Item">Its work; <see langword="null"/> where it was not submitted.</param>
/// <param name="IsNew">Whether it was not submitted before.</param>
/// <param name="Error">Why it was not submitted.</param>
public sealed record Submission(Uri Image, WorkItem? Item, bool IsNew, ImageFetchException? Error);
