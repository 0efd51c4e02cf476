using System.Runtime.CompilerServices;
using System.Threading.Channels;
using MfpClip.Distributed;

namespace MfpClip.Cli.Distributed;

/// <summary>
/// Queue, worker and collection in one process: the same code as with a server, over memory. As many images are on their way as the worker holds and the
/// outputs draw; the rest of the list waits.
/// </summary>
internal sealed class OneProcess(ZeroShotDetector detector, IReadOnlyList<IImageStore> stores, WorkerOptions options)
{
    private readonly InMemoryWork _work = new(keepsJobs: false);
    private readonly Dictionary<string, int> _open = new(StringComparer.Ordinal);

    /// <summary>All images in order, each when it is done.</summary>
    public async IAsyncEnumerable<CollectedImage> RunAsync(
        IReadOnlyList<Uri> images, string className, string job, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var stop = new CancellationTokenSource();
        var worker = new DetectionWorker(detector, _work, _work, stores, options);
        var working = worker.RunAsync(stop.Token);
        var submitted = Channel.CreateBounded<Submission>(2 * options.MaximumHeld);
        var submitting = SubmitAsync(worker.Detector, images, className, job, submitted.Writer, cancellationToken);
        try
        {
            await foreach (var submission in submitted.Reader.ReadAllAsync(cancellationToken))
            {
                string name = ImageNames.Of(submission.Image);
                if (submission.Item is not { } item)
                {
                    yield return new(name, null, new() { ImageName = name, Error = submission.Error });
                    continue;
                }

                yield return CollectedImage.Of(await FirstAsync(item, working, cancellationToken));
                Forget(item.Key);
            }

            await submitting;
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(Task.WhenAny(submitting), working);
        }
    }

    private async Task<JobOutcome> FirstAsync(WorkItem item, Task<WorkerState> working, CancellationToken cancellationToken)
    {
        await using var found = DetectionJob.CollectAsync(_work, One(), wait: true, cancellationToken).GetAsyncEnumerator(cancellationToken);
        var next = found.MoveNextAsync().AsTask();
        if (await Task.WhenAny(next, working) == working && !next.IsCompleted)
        {
            await working; // its error
            throw new WorkException("The worker ended before its work.");
        }

        await next;
        return found.Current;

        async IAsyncEnumerable<WorkItem> One()
        {
            await Task.CompletedTask;
            yield return item;
        }
    }

    private async Task SubmitAsync(
        DetectorFingerprint fingerprint, IReadOnlyList<Uri> images, string className, string job, ChannelWriter<Submission> writer,
        CancellationToken cancellationToken)
    {
        try
        {
            var queue = new Counted(_work, Open);
            await foreach (var submission in DetectionJob.SubmitAsync(queue, new(stores), fingerprint, images, className, job, cancellationToken))
            {
                await writer.WriteAsync(submission, cancellationToken);
            }

            writer.Complete();
        }
        catch (Exception e)
        {
            writer.Complete(e);
        }
    }

    // Results of equal images are one: it is forgotten with the last of them.
    private void Open(string key)
    {
        lock (_open)
        {
            _open[key] = _open.GetValueOrDefault(key) + 1;
        }
    }

    private void Forget(string key)
    {
        lock (_open)
        {
            if (--_open[key] == 0)
            {
                _open.Remove(key);
                _work.Remove(key);
            }
        }
    }

    /// <summary>Counts a key before its work can be done.</summary>
    private sealed class Counted(InMemoryWork work, Action<string> open) : IWorkQueue
    {
        public Task<bool> SubmitAsync(WorkItem item, CancellationToken cancellationToken = default)
        {
            open(item.Key);
            return work.SubmitAsync(item, cancellationToken);
        }

        public Task<IReadOnlyList<string>> GetJobsAsync(DetectorFingerprint detector, CancellationToken cancellationToken = default) =>
            work.GetJobsAsync(detector, cancellationToken);

        public IAsyncEnumerable<WorkItem> ReadJobAsync(DetectorFingerprint detector, string job, CancellationToken cancellationToken = default) =>
            work.ReadJobAsync(detector, job, cancellationToken);

        public Task<WorkStatus> GetStatusAsync(CancellationToken cancellationToken = default) => work.GetStatusAsync(cancellationToken);
    }
}
