using Microsoft.Extensions.Logging;

namespace MfpClip.Distributed;

/// <summary>How work ends: done, put back or given up. What cannot be answered is delivered again, and finds its result.</summary>
internal sealed class WorkAnswers(IResultSink results, HeldSet held, WorkerMetrics metrics, WorkerOptions options, TimeProvider time, ILogger logger)
{
    public Task CompleteAsync(HeldWork work, bool isNew)
    {
        metrics.AddResult(isNew);
        return EndAsync(work, () => work.Delivery.CompleteAsync(CancellationToken.None));
    }

    /// <summary>Ends work by an error: its kind decides whether another attempt can help.</summary>
    public Task FailAsync(HeldWork work, Exception error)
    {
        var (cause, final) = error switch
        {
            ImageFetchException e => (e.Cause, e.Cause != DeadCause.Unreachable),
            ImageDecodeException => (DeadCause.Unreadable, true),
            DetectionOptionsException or CalibrationException => (DeadCause.Failed, true),
            _ => (DeadCause.Failed, false),
        };
        string reason = error is MfpClipException ? error.Message : $"{error.GetType().Name}: {error.Message}";
        return final || work.Delivery.Attempt >= options.MaximumAttempts ? GiveUpAsync(work, cause, reason)
            : RetryAsync(work, options.DelayAfter(work.Delivery.Attempt), reason);
    }

    public Task GiveUpAsync(HeldWork work, DeadCause cause, string reason) => EndAsync(work, async () =>
    {
        await results.AddDeadAsync(new()
        {
            Item = work.Delivery.Item, Id = work.Delivery.Id, Cause = cause, Reason = reason.ReplaceLineEndings(" "), Attempts = work.Delivery.Attempt,
            Worker = options.Name, Time = time.GetUtcNow(),
        }).ConfigureAwait(false);
        metrics.AddDead(cause);
        WorkerLog.Dead(logger, work.Delivery.Id, work.Delivery.Attempt, cause, reason);
        work.Span?.SetStatus(System.Diagnostics.ActivityStatusCode.Error, reason);
        await work.Delivery.RejectAsync(CancellationToken.None).ConfigureAwait(false);
    });

    public Task RetryAsync(HeldWork work, TimeSpan delay, string reason) => EndAsync(work, async () =>
    {
        metrics.AddRetry();
        WorkerLog.Retried(logger, work.Delivery.Id, delay.TotalSeconds, work.Delivery.Attempt, reason);
        work.Span?.SetStatus(System.Diagnostics.ActivityStatusCode.Error, reason);
        await work.Delivery.RetryAsync(delay, CancellationToken.None).ConfigureAwait(false);
    });

    private async Task EndAsync(HeldWork work, Func<Task> answer)
    {
        if (!work.TryEnd())
        {
            return;
        }

        try
        {
            await answer().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            WorkerLog.CannotAnswer(logger, work.Delivery.Id, e.Message);
        }
        finally
        {
            work.Span?.Dispose();
            held.Remove(work);
        }
    }
}
