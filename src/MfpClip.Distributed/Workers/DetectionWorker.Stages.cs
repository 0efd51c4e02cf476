using System.Diagnostics;
using System.Threading.Channels;

namespace MfpClip.Distributed;

/// <content>The stages of one image: fetched and decoded, detected in a batch, written.</content>
public sealed partial class DetectionWorker
{
    private async Task DecodeAsync(ChannelReader<HeldWork> works, ChannelWriter<HeldWork> next)
    {
        await foreach (var work in works.ReadAllAsync().ConfigureAwait(false))
        {
            try
            {
                if (await IsWorkAsync(work).ConfigureAwait(false))
                {
                    await DecodeAsync(work).ConfigureAwait(false);
                    work.WaitingSince = Stopwatch.GetTimestamp();
                    await next.WriteAsync(work).ConfigureAwait(false);
                }
            }
            catch (Exception e) when (e is not ChannelClosedException)
            {
                await _answers.FailAsync(work, e).ConfigureAwait(false);
            }
        }
    }

    // What needs no image, in the order of what it costs.
    private async Task<bool> IsWorkAsync(HeldWork work)
    {
        var delivery = work.Delivery;
        if (delivery.Item is not { } item)
        {
            await _answers.GiveUpAsync(work, DeadCause.Malformed, $"The message is no work: {delivery.Fault}.").ConfigureAwait(false);
        }
        else if (Detector.DifferencesFrom(item.Detector) is { Count: > 0 } differences)
        {
            await _answers.GiveUpAsync(work, DeadCause.WrongDetector, $"This worker's detector is another one: {string.Join("; ", differences)}.")
                .ConfigureAwait(false);
        }
        else if (await _results.ExistsAsync(item.Key).ConfigureAwait(false))
        {
            await _answers.CompleteAsync(work, isNew: false).ConfigureAwait(false);
        }
        else if (delivery.Attempt > _options.MaximumAttempts)
        {
            await _answers.GiveUpAsync(work, DeadCause.Abandoned, $"It was delivered {delivery.Attempt - 1} times and no worker answered: they ended, or took "
                + "longer than they may, while they had it. Detect the image alone to see why.").ConfigureAwait(false);
        }
        else
        {
            return true;
        }

        return false;
    }

    private async Task DecodeAsync(HeldWork work)
    {
        using var span = Child("fetch", work);
        long start = Stopwatch.GetTimestamp();
        var detector = _detector as ZeroShotDetector;
        bool tiled = detector?.Tiling is not null;
        var image = await _images.FetchAsync(work.Item.Image, work.Item.ImageSha256, asFile: tiled).ConfigureAwait(false);
        _metrics!.AddStage("fetch", Stopwatch.GetElapsedTime(start));

        // Pixels overlap with the detector; a detector with tiles decides itself how it reads.
        long decode = Stopwatch.GetTimestamp();
        work.Image = detector is null || tiled ? image : ImageInput.FromPixels(detector.Input.Decode(image), image.Name);
        _metrics.AddStage("decode", Stopwatch.GetElapsedTime(decode));
        work.Decode = Stopwatch.GetElapsedTime(start);
    }

    private async Task DetectAsync(ChannelReader<HeldWork> works, ChannelWriter<HeldWork> next)
    {
        using var thread = new DetectorThread($"{_options.Name} detects");
        HeldWork? first = null;
        while (first is not null || await works.WaitToReadAsync().ConfigureAwait(false))
        {
            var (batch, other) = await FillAsync(works, first).ConfigureAwait(false);
            first = other;
            if (batch.Count > 0)
            {
                foreach (var (work, error) in await thread.RunAsync(() => Detect(batch)).ConfigureAwait(false))
                {
                    if (error is null)
                    {
                        await next.WriteAsync(work).ConfigureAwait(false);
                    }
                    else
                    {
                        await _answers.FailAsync(work, error).ConfigureAwait(false);
                    }
                }
            }
        }
    }

    // Images of one class until the batch is full or its time is over; the first of another class begins the next batch.
    private async Task<(List<HeldWork> Batch, HeldWork? Other)> FillAsync(ChannelReader<HeldWork> works, HeldWork? first)
    {
        var batch = new List<HeldWork>(_batch);
        if (first is not null)
        {
            batch.Add(first);
        }

        using var timeout = new CancellationTokenSource();
        while (batch.Count < _batch)
        {
            if (works.TryRead(out var work))
            {
                if (batch.Count > 0 && batch[0].Item.ClassName != work.Item.ClassName)
                {
                    return (batch, work);
                }

                batch.Add(work);
                continue;
            }

            if (batch.Count == 0 || _options.BatchWait == TimeSpan.Zero)
            {
                break;
            }

            if (!timeout.IsCancellationRequested)
            {
                timeout.CancelAfter(_options.BatchWait - Min(Stopwatch.GetElapsedTime(batch[0].WaitingSince), _options.BatchWait));
            }

            try
            {
                if (!await works.WaitToReadAsync(timeout.Token).ConfigureAwait(false))
                {
                    break;
                }
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }

        return (batch, null);

        static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
    }

    private List<(HeldWork Work, Exception? Error)> Detect(List<HeldWork> batch)
    {
        foreach (var work in batch)
        {
            _metrics!.AddStage("wait", Stopwatch.GetElapsedTime(work.WaitingSince));
        }

        // A batch belongs to several traces: it is in the first one, and linked to all.
        var links = batch.Where(w => w.Span is not null).Select(w => new ActivityLink(w.Span!.Context));
        using var span = batch[0].Span is not { } first ? null
            : WorkTelemetry.Source.StartActivity("detect", ActivityKind.Internal, first.Context, links: links);
        long start = Stopwatch.GetTimestamp();
        try
        {
            var outcomes = _detector.DetectEach([.. batch.Select(w => w.Image!)], new() { ClassName = batch[0].Item.ClassName });
            return [.. batch.Zip(outcomes, (work, outcome) =>
            {
                work.Result = outcome.Result is not { } result ? null : result with
                {
                    // As the submitter calls it, whatever the worker's mount is.
                    ImageName = ImageNames.Of(work.Item.Image),
                    Timings = result.Timings with { Decode = work.Image!.Pixels is null ? result.Timings.Decode : work.Decode },
                };
                return (work, outcome.Result is null ? outcome.Error ?? new InferenceException("The detector gave neither a result nor an error.") : null);
            })];
        }
        catch (Exception e)
        {
            return [.. batch.Select(w => (w, (Exception?)e))];
        }
        finally
        {
            _metrics!.AddBatch(batch.Count);
            _metrics.AddStage("detect", Stopwatch.GetElapsedTime(start) / batch.Count);
            batch.ForEach(w => w.Image = null);
        }
    }

    private async Task WriteAsync(ChannelReader<HeldWork> works)
    {
        await foreach (var work in works.ReadAllAsync().ConfigureAwait(false))
        {
            using var span = Child("write", work);
            long start = Stopwatch.GetTimestamp();
            try
            {
                bool isNew = await _results.CreateAsync(ToResult(work)).ConfigureAwait(false);
                _metrics!.AddStage("write", Stopwatch.GetElapsedTime(start));
                await _answers.CompleteAsync(work, isNew).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                await _answers.FailAsync(work, e).ConfigureAwait(false);
            }
        }
    }

    private WorkResult ToResult(HeldWork work)
    {
        var result = work.Result!;
        var map = result.ImageMap ?? result.ModelMap;
        return new()
        {
            Key = work.Item.Key,
            Result = result,
            Map = _options.MapSide > 0 && map.HasValues ? ReducedMap.Of(map, _options.MapSide) : null,
            Worker = _options.Name,
            Started = work.Started,
            Completed = _time.GetUtcNow(),
            Attempt = work.Delivery.Attempt,
            TraceParent = work.Delivery.TraceParent,
        };
    }

    private static Activity? Child(string name, HeldWork work) =>
        work.Span is null ? null : WorkTelemetry.Source.StartActivity(name, ActivityKind.Internal, work.Span.Context);
}
