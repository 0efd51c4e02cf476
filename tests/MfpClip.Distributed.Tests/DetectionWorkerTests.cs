using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace MfpClip.Distributed.Tests;

/// <summary>What a worker does with its work, over memory: the contract suite holds for NATS what this stands on.</summary>
public sealed class DetectionWorkerTests : IDisposable
{
    private readonly Photos _photos = new();

    public void Dispose() => _photos.Dispose();

    [Fact]
    public async Task Every_image_has_its_result_with_map_and_who_made_it()
    {
        var work = new InMemoryWork();
        WorkItem[] items = [.. Enumerable.Range(0, 50).Select(i => Photos.Item(_photos.Write(i), i))];
        await SubmitAsync(work, items);

        WorkerState state;
        await using (var run = new WorkerRun(work, _photos))
        {
            state = await run.CompleteAsync(work);
        }

        Assert.Equal((50, 0, 0, 0), (state.Completed, state.Duplicates, state.Dead, state.Held));
        for (int i = 0; i < items.Length; i++)
        {
            var result = (await work.ReadAsync(items[i].Key))!;
            Assert.Equal(Photos.Score(i), result.Result.Score, 1e-5);
            Assert.All(result.Map!.ToMap().Data, v => Assert.Equal(Photos.Score(i), v, 1e-4));
            Assert.Equal((items[i].Image.LocalPath, "screw", "w", 1), (result.Result.ImageName, result.Result.ClassName, result.Worker, result.Attempt));
        }
    }

    [Fact]
    public async Task What_cannot_be_done_is_given_up_at_once_with_its_cause()
    {
        var work = new InMemoryWork();
        using var elsewhere = new Photos();
        string link = Path.Combine(_photos.Folder, "link.png");
        File.CreateSymbolicLink(link, elsewhere.Write(9).LocalPath);
        var changed = _photos.Write(2);
        (string Name, WorkItem Item, DeadCause Cause)[] cases =
        [
            ("poison", Photos.Item(_photos.WriteBytes("text.png", "no image"u8.ToArray()), 0), DeadCause.Unreadable),
            ("changed", Photos.Item(changed, 1), DeadCause.Changed),
            ("outside", Photos.Item(elsewhere.Write(3), 2), DeadCause.Forbidden),
            ("dots", Photos.Item(new(Path.Combine(_photos.Folder, "..", Path.GetFileName(elsewhere.Folder), "00003.png")), 3), DeadCause.Forbidden),
            ("link", Photos.Item(new(link), 4), DeadCause.Forbidden),
            ("host", Photos.Item(new("http://127.0.0.1:1/a.png"), 5), DeadCause.Forbidden),
            ("scheme", Photos.Item(new("ftp://127.0.0.1/a.png"), 6), DeadCause.Forbidden),
        ];
        await SubmitAsync(work, [.. cases.Select(c => c.Item), Photos.Item(_photos.Write(100), 100)]);
        File.WriteAllBytes(changed.LocalPath, Photos.Png(77));
        work.SubmitRaw(Photos.Detector, "~.1", "it is no JSON");

        await using (var run = new WorkerRun(work, _photos))
        {
            Assert.Equal(1, (await run.CompleteAsync(work)).Completed);
        }

        foreach (var (name, item, cause) in cases)
        {
            var dead = await work.ReadDeadAsync(item.Id);
            Assert.True(dead is not null, name);
            Assert.Equal((cause, 1, "w"), (dead.Cause, dead.Attempts, dead.Worker));
            Assert.Contains(ImageNames.Of(item.Image), dead.Reason, StringComparison.Ordinal);
        }

        Assert.Equal(DeadCause.Malformed, (await work.ReadDeadAsync("~.1"))!.Cause);
        Assert.Equal(cases.Length + 1, (await work.ReadAllDeadAsync().ToListAsync()).Count);
    }

    [Fact]
    public async Task A_message_of_another_detector_on_this_ones_route_is_given_up()
    {
        var item = Photos.Item(_photos.Write(1), 0, detector: Photos.Detector with { CalibrationHash = new string('c', 64) });
        var work = new InMemoryWork();
        await using (var run = new WorkerRun(work, _photos, source: new OtherRoute(work, item.Detector)))
        {
            await SubmitAsync(work, item);
            await run.CompleteAsync(work);
        }

        var dead = (await work.ReadDeadAsync(item.Id))!;
        Assert.Equal(DeadCause.WrongDetector, dead.Cause);
        Assert.Contains("calibration", dead.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("weights", dead.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_image_that_cannot_be_fetched_is_tried_as_often_as_it_may_and_comes_back()
    {
        var work = new InMemoryWork();
        var (absent, late) = (_photos.Write(1), _photos.Write(2));
        WorkItem[] items = [Photos.Item(absent, 0), Photos.Item(late, 1)];
        await SubmitAsync(work, items);
        File.Delete(absent.LocalPath);
        File.Move(late.LocalPath, late.LocalPath + ".away");

        var options = WorkerRun.Quick with { MaximumAttempts = 4, RetryDelay = TimeSpan.FromMilliseconds(100) };
        await using (var run = new WorkerRun(work, _photos, options))
        {
            await Until(() => run.Worker.State.Retried >= 2);
            File.Move(late.LocalPath + ".away", late.LocalPath);
            await run.CompleteAsync(work);
        }

        var dead = (await work.ReadDeadAsync(items[0].Id))!;
        Assert.Equal((DeadCause.Unreachable, 4), (dead.Cause, dead.Attempts));
        Assert.True((await work.ReadAsync(items[1].Key))!.Attempt > 1);
    }

    [Fact]
    public async Task Work_that_no_worker_survives_is_given_up_after_its_deliveries()
    {
        var work = new InMemoryWork(TimeSpan.FromMilliseconds(50));
        var item = Photos.Item(_photos.Write(1), 0);
        await SubmitAsync(work, item);
        for (int i = 0; i < 3; i++) // taken and never answered, as by a process that dies
        {
            Assert.Single(await work.PullAsync(Photos.Detector, 1, TimeSpan.FromSeconds(5)).ToListAsync());
            await Task.Delay(60);
        }

        await using (var run = new WorkerRun(work, _photos, WorkerRun.Quick with { MaximumAttempts = 3 }))
        {
            await run.CompleteAsync(work);
        }

        var dead = (await work.ReadDeadAsync(item.Id))!;
        Assert.Equal((DeadCause.Abandoned, 4), (dead.Cause, dead.Attempts));
        Assert.Null(await work.ReadAsync(item.Key));
    }

    [Fact]
    public async Task An_image_slower_than_the_time_to_answer_is_computed_once()
    {
        var work = new InMemoryWork(TimeSpan.FromMilliseconds(1500));
        var seen = new ConcurrentQueue<string>();
        WorkItem[] items = [.. Enumerable.Range(0, 9).Select(i => Photos.Item(_photos.Write(i, slow: i == 1), i))];
        await SubmitAsync(work, items);

        // Two workers: what one does not report in time the other takes.
        await using var first = new WorkerRun(work, _photos, detector: Slow());
        await using var second = new WorkerRun(work, _photos, detector: Slow());
        await first.CompleteAsync(work);
        await second.StopAsync();

        Assert.Equal(9, seen.Distinct().Count());
        Assert.Equal(9, seen.Count);

        BrightnessDetector Slow() => new(TimeSpan.FromMilliseconds(4000)) { Detecting = seen.Enqueue };
    }

    [Fact]
    public async Task A_stopped_worker_finishes_what_it_has_and_takes_no_more()
    {
        var work = new InMemoryWork();
        await SubmitAsync(work, [.. Enumerable.Range(0, 100).Select(i => Photos.Item(_photos.Write(i), i))]);
        await using var run = new WorkerRun(
            work, _photos, WorkerRun.Quick with { MaximumHeld = 8 }, new BrightnessDetector { Detecting = _ => Thread.Sleep(20) });
        await Until(() => run.Worker.State.Completed > 3);

        var state = await run.StopAsync();

        Assert.Equal(0, state.Held);
        Assert.False(state.IsRunning);
        Assert.InRange(state.Completed, 4, 40);
        var status = Assert.Single((await work.GetStatusAsync()).Detectors);
        Assert.Equal((100 - state.Completed, 0), (status.Pending, status.AckPending));
        Assert.Equal(state.Completed, (await work.GetStatusAsync()).Results);
    }

    [Fact]
    public async Task No_more_is_in_hand_than_may_be_whatever_waits()
    {
        var work = new InMemoryWork();
        await SubmitAsync(work, [.. Enumerable.Range(0, 60).Select(i => Photos.Item(_photos.Write(i), i))]);
        long most = 0;
        var detector = new BrightnessDetector { Detecting = _ => most = Math.Max(most, work.GetStatusAsync().Result.Detectors[0].AckPending) };
        await using (var run = new WorkerRun(work, _photos, WorkerRun.Quick with { MaximumHeld = 6, BatchSize = 3 }, detector))
        {
            await run.CompleteAsync(work);
        }

        Assert.InRange(most, 3, 6);
    }

    [Fact]
    public async Task Batches_fill_up_to_their_size_and_hold_one_class()
    {
        var work = new InMemoryWork();
        await SubmitAsync(work, [.. Enumerable.Range(0, 48).Select(i => Photos.Item(_photos.Write(i), i, className: i < 24 ? "screw" : "nut"))]);
        var detector = new BrightnessDetector();
        var options = WorkerRun.Quick with { BatchSize = 4, MaximumHeld = 16, Decoders = 1, BatchWait = TimeSpan.FromSeconds(2) };
        await using (var run = new WorkerRun(work, _photos, options, detector))
        {
            await run.CompleteAsync(work);
        }

        Assert.Equal([.. Enumerable.Repeat((4, "screw"), 6), .. Enumerable.Repeat((4, "nut"), 6)], detector.Batches);
    }

    [Fact]
    public async Task A_batch_that_does_not_fill_up_does_not_wait_for_ever()
    {
        var work = new InMemoryWork();
        await SubmitAsync(work, Photos.Item(_photos.Write(1), 0));
        var detector = new BrightnessDetector();
        await using (var run = new WorkerRun(work, _photos, WorkerRun.Quick with { BatchSize = 4 }, detector))
        {
            await run.CompleteAsync(work);
        }

        Assert.Equal([(1, "screw")], detector.Batches);
    }

    [Fact]
    public async Task An_equal_image_of_a_later_job_is_not_computed_again()
    {
        var work = new InMemoryWork();
        var photo = _photos.Write(1);
        var detector = new BrightnessDetector();
        await using var run = new WorkerRun(work, _photos, detector: detector);
        await SubmitAsync(work, Photos.Item(photo, 0, "first"));
        await Until(() => run.Worker.State.Completed == 1);
        await SubmitAsync(work, Photos.Item(photo, 0, "second"));

        var state = await run.CompleteAsync(work);

        Assert.Equal((1, 1), (state.Completed, state.Duplicates));
        Assert.Single(detector.Batches);
    }

    [Fact]
    public async Task A_trace_leads_from_the_submission_to_the_result()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = s => s.Name == WorkTelemetry.ActivitySourceName, ActivityStopped = spans.Enqueue,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        var work = new InMemoryWork();
        string job = DetectionJob.NewName();
        var submitted = await DetectionJob.SubmitAsync(
            work, new(new ImageAccessOptions { Roots = [_photos.Folder] }.CreateStores()), Photos.Detector, [_photos.Write(1)], "screw", job).ToListAsync();
        await using (var run = new WorkerRun(work, _photos))
        {
            await run.CompleteAsync(work);
        }

        var submit = spans.Single(s => s.OperationName == "submit" && (string?)s.GetTagItem(WorkTelemetry.JobTag) == job);
        var of = spans.Where(s => s.TraceId == submit.TraceId).ToLookup(s => s.OperationName);
        var worked = Assert.Single(of["work"]);
        Assert.Equal(submit.SpanId, worked.ParentSpanId);
        Assert.All(new[] { "fetch", "detect", "write" }, name => Assert.Equal(worked.SpanId, Assert.Single(of[name]).ParentSpanId));
        Assert.Equal(submit.Id, (await work.ReadAsync(submitted[0].Item!.Key))!.TraceParent);
    }

    [Fact]
    public async Task Metrics_count_results_stages_batches_and_the_queue()
    {
        var sums = new ConcurrentDictionary<string, double>(StringComparer.Ordinal);
        using var listener = new MeterListener();
        string name = $"metered-{Guid.NewGuid():N}";
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == WorkTelemetry.MeterName)
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((i, v, tags, _) => Add(i, v, tags, 1));
        listener.SetMeasurementEventCallback<int>((i, v, tags, _) => Add(i, v, tags, 1));
        listener.SetMeasurementEventCallback<double>((i, v, tags, _) => Add(i, 1, tags, 1));
        listener.Start();
        var work = new InMemoryWork();
        await SubmitAsync(work, [.. Enumerable.Range(0, 6).Select(i => Photos.Item(_photos.Write(i), i))]);
        await SubmitAsync(work, Photos.Item(_photos.WriteBytes("x.png", "text"u8.ToArray()), 6));
        await using (var run = new WorkerRun(work, _photos, WorkerRun.Quick with { Name = name }))
        {
            await Until(() => run.Worker.State is { Completed: 6, Dead: 1 });
            listener.RecordObservableInstruments();
            Assert.Equal(0.6, run.Worker.State.Completed / 10.0);
        }

        Assert.Equal((6, 1), (sums["mfpclip.work.images"], sums["mfpclip.work.dead"]));
        Assert.Equal(7, sums["mfpclip.work.batch.size"]);
        Assert.All(new[] { "fetch", "decode", "wait", "detect", "write" }, s => Assert.True(sums.GetValueOrDefault($"mfpclip.work.stage.duration {s}") > 0, s));
        Assert.All(new[] { "pending", "ack_pending", "redelivered", "dead" }, g => Assert.True(sums.ContainsKey($"mfpclip.queue.{g}"), g));
        Assert.Equal(1, sums["mfpclip.work.images_per_second"]);

        void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, int _)
        {
            string? worker = null, stage = null;
            foreach (var (key, tag) in tags)
            {
                (worker, stage) = (key == WorkTelemetry.WorkerTag ? (string?)tag : worker, key == WorkTelemetry.StageTag ? (string?)tag : stage);
            }

            if (worker == name)
            {
                sums.AddOrUpdate(stage is null ? instrument.Name : $"{instrument.Name} {stage}", value, (_, sum) => sum + value);
            }
        }
    }

    [Fact]
    public async Task A_source_that_is_away_for_a_moment_ends_nothing_and_shows_in_the_state()
    {
        var work = new InMemoryWork();
        var source = new Interrupted(work) { IsAway = true };
        await SubmitAsync(work, Photos.Item(_photos.Write(1), 0));
        await using var run = new WorkerRun(work, _photos, source: source);
        await Until(() => run.Worker.State.Fault is not null);
        Assert.Contains("away", run.Worker.State.Fault, StringComparison.Ordinal);

        source.IsAway = false;

        Assert.Equal(1, (await run.CompleteAsync(work)).Completed);
        Assert.Null(run.Worker.State.Fault);
    }

    [Fact]
    public void Options_that_contradict_are_refused_with_every_fault()
    {
        var options = new WorkerOptions { BatchSize = 32, MaximumHeld = 16, MaximumAttempts = 0, MapSide = 4000 };

        var error = Assert.Throws<WorkException>(
            () => new DetectionWorker(new BrightnessDetector(), new InMemoryWork(), new InMemoryWork(), [], options));

        Assert.All(new[] { "BatchSize", "MaximumAttempts", "MapSide" }, n => Assert.Contains(n, error.Message, StringComparison.Ordinal));
    }

    private static async Task SubmitAsync(InMemoryWork work, params WorkItem[] items)
    {
        foreach (var item in items)
        {
            Assert.True(await work.SubmitAsync(item));
        }
    }

    private static async Task Until(Func<bool> condition)
    {
        for (var start = Stopwatch.GetTimestamp(); !condition(); await Task.Delay(5))
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(60), "It did not come.");
        }
    }

    private sealed class OtherRoute(InMemoryWork work, DetectorFingerprint detector) : IWorkSource
    {
        public TimeSpan AckWait => work.AckWait;

        public IAsyncEnumerable<IWorkDelivery> PullAsync(DetectorFingerprint _, int most, TimeSpan wait, CancellationToken cancellationToken = default) =>
            work.PullAsync(detector, most, wait, cancellationToken);
    }

    private sealed class Interrupted(InMemoryWork work) : IWorkSource
    {
        public bool IsAway { get; set; }

        public TimeSpan AckWait => work.AckWait;

        public IAsyncEnumerable<IWorkDelivery> PullAsync(
            DetectorFingerprint detector, int most, TimeSpan wait, CancellationToken cancellationToken = default) =>
            IsAway ? throw new WorkException("the server is away") : work.PullAsync(detector, most, wait, cancellationToken);
    }
}
