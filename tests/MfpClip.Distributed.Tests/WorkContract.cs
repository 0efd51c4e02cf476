using System.Diagnostics;

namespace MfpClip.Distributed.Tests;

/// <summary>A queue, source and sink, as an implementation puts them together.</summary>
public sealed record Engine(IWorkQueue Queue, IWorkSource Source, IResultSink Results);

/// <summary>
/// What every implementation of the seams holds; one for another engine derives from this, makes the engine and says how another program's message gets
/// into it.
/// </summary>
public abstract class WorkContract
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(1), AckWait = TimeSpan.FromSeconds(2);
    private static readonly DetectorFingerprint Other = Photos.Detector with { CalibrationHash = new string('c', 64) };

    /// <summary>An empty engine whose deliveries have to be answered within <paramref name="ackWait"/>.</summary>
    protected abstract Task<Engine> CreateAsync(TimeSpan ackWait);

    /// <summary>Puts a message that is no work among the work for a detector.</summary>
    protected abstract Task SubmitMalformedAsync(Engine engine, DetectorFingerprint detector);

    [SkippableFact]
    public async Task Work_is_delivered_once_as_it_was_submitted_and_in_its_order()
    {
        var engine = await CreateAsync(AckWait);
        WorkItem[] items = [.. Enumerable.Range(0, 5).Select(i => Photos.Item(i))];
        foreach (var item in items)
        {
            Assert.True(await engine.Queue.SubmitAsync(item));
        }

        var delivered = await PullAsync(engine, 10);

        Assert.Equal(items, delivered.Select(d => d.Item));
        Assert.All(delivered, d => Assert.Equal((1, null), (d.Attempt, d.Fault)));
        await Task.WhenAll(delivered.Select(d => d.CompleteAsync()));
        await Task.Delay(AckWait + AckWait / 2);
        Assert.Empty(await PullAsync(engine, 10));
    }

    [SkippableFact]
    public async Task The_uri_of_an_image_comes_as_it_was_submitted()
    {
        var engine = await CreateAsync(AckWait);
        string path = Path.Combine(Path.GetTempPath(), "part 1 ä%#.png");
        Uri[] uris = [new(path), new("https://images.plant.example/a%20b.png?sig=x%2By"), new("s3://bucket/key")];
        for (int i = 0; i < uris.Length; i++)
        {
            await engine.Queue.SubmitAsync(Photos.Item(i) with { Image = uris[i] });
        }

        var delivered = await PullAsync(engine, 3);

        Assert.Equal(uris.Select(u => u.AbsoluteUri), delivered.Select(d => d.Item!.Image.AbsoluteUri));
        Assert.Equal(path, delivered[0].Item!.Image.LocalPath);
        Assert.Equal([path, "https://images.plant.example/a%20b.png", "s3://bucket/key"], delivered.Select(d => ImageNames.Of(d.Item!.Image)));
    }

    [SkippableFact]
    public async Task The_same_place_of_a_job_is_taken_once()
    {
        var engine = await CreateAsync(AckWait);

        Assert.True(await engine.Queue.SubmitAsync(Photos.Item(1)));
        Assert.False(await engine.Queue.SubmitAsync(Photos.Item(1)));
        Assert.True(await engine.Queue.SubmitAsync(Photos.Item(1, "other")));

        Assert.Equal(["job", "other"], (await PullAsync(engine, 10)).Select(d => d.Item!.Job));
    }

    [SkippableFact]
    public async Task Work_for_another_detector_is_left_to_its_workers()
    {
        var engine = await CreateAsync(AckWait);
        await engine.Queue.SubmitAsync(Photos.Item(1) with { Detector = Other });

        Assert.Empty(await PullAsync(engine, 10));

        Assert.Equal(1, (await engine.Queue.GetStatusAsync()).Detectors.Single(d => d.Route == Other.Route).Pending);
        Assert.Single(await PullAsync(engine, 10, Other));
    }

    [SkippableFact]
    public async Task No_more_is_delivered_than_was_asked_for()
    {
        var engine = await CreateAsync(AckWait);
        for (int i = 0; i < 5; i++)
        {
            await engine.Queue.SubmitAsync(Photos.Item(i));
        }

        Assert.Equal([0, 1], (await PullAsync(engine, 2)).Select(d => d.Item!.Index));
        Assert.Equal([2, 3, 4], (await PullAsync(engine, 9)).Select(d => d.Item!.Index));
    }

    [SkippableFact]
    public async Task What_is_not_answered_in_time_is_delivered_again_and_progress_prevents_that()
    {
        var engine = await CreateAsync(AckWait);
        await engine.Queue.SubmitAsync(Photos.Item(1));
        await engine.Queue.SubmitAsync(Photos.Item(2));
        var first = await PullAsync(engine, 10);

        // Twice the time to answer: the first is reported, the second is not.
        for (var start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < 2 * AckWait;)
        {
            await first[0].ReportProgressAsync();
            await Task.Delay(AckWait / 4);
        }

        await first[0].ReportProgressAsync();
        var again = Assert.Single(await PullAsync(engine, 10));
        Assert.Equal((first[1].Item, 2), (again.Item, again.Attempt));
        await first[0].CompleteAsync();
        await again.CompleteAsync();
        Assert.Empty(await PullAsync(engine, 10));
    }

    [SkippableFact]
    public async Task What_is_put_back_is_delivered_after_its_delay()
    {
        var engine = await CreateAsync(TimeSpan.FromSeconds(30));
        await engine.Queue.SubmitAsync(Photos.Item(1));
        var first = Assert.Single(await PullAsync(engine, 1));
        long start = Stopwatch.GetTimestamp();
        await first.RetryAsync(TimeSpan.FromSeconds(1.5));

        IReadOnlyList<IWorkDelivery> again = [];
        while (again.Count == 0 && Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(20))
        {
            again = await PullAsync(engine, 1);
        }

        Assert.Equal((first.Item, 2), (Assert.Single(again).Item, again[0].Attempt));
        Assert.True(Stopwatch.GetElapsedTime(start) > TimeSpan.FromSeconds(1.4), "It came before its delay.");
    }

    [SkippableFact]
    public async Task What_is_rejected_is_not_delivered_again()
    {
        var engine = await CreateAsync(AckWait);
        await engine.Queue.SubmitAsync(Photos.Item(1));

        await Assert.Single(await PullAsync(engine, 1)).RejectAsync();

        await Task.Delay(AckWait + AckWait / 2);
        Assert.Empty(await PullAsync(engine, 1));
    }

    [SkippableFact]
    public async Task A_message_that_is_no_work_is_delivered_with_what_is_wrong_with_it()
    {
        var engine = await CreateAsync(AckWait);
        await SubmitMalformedAsync(engine, Photos.Detector);

        var delivery = Assert.Single(await PullAsync(engine, 1));

        Assert.Null(delivery.Item);
        Assert.NotEmpty(delivery.Fault!);
        Assert.True(await engine.Results.AddDeadAsync(Dead(delivery.Id)));
        Assert.NotNull(await engine.Results.ReadDeadAsync(delivery.Id));
    }

    [SkippableFact]
    public async Task The_trace_of_the_submission_comes_with_the_work()
    {
        var engine = await CreateAsync(AckWait);
        using var activity = new Activity("submission").SetIdFormat(ActivityIdFormat.W3C).Start();
        await engine.Queue.SubmitAsync(Photos.Item(1));
        activity.Stop();
        await engine.Queue.SubmitAsync(Photos.Item(2));

        Assert.Equal([activity.Id, null], (await PullAsync(engine, 2)).Select(d => d.TraceParent));
    }

    [SkippableFact]
    public async Task A_result_is_written_once_whoever_is_first()
    {
        var engine = await CreateAsync(AckWait);
        var item = Photos.Item(1);
        Assert.False(await engine.Results.ExistsAsync(item.Key));
        Assert.Null(await engine.Results.ReadAsync(item.Key));

        bool[] written = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => engine.Results.CreateAsync(Photos.Result(item, $"w{i}"))));

        Assert.Single(written, w => w);
        var stored = (await engine.Results.ReadAsync(item.Key))!;
        Assert.Equal($"w{Array.IndexOf(written, true)}", stored.Worker);
        Assert.True(await engine.Results.ExistsAsync(item.Key));
        Assert.Equal([item.Key], await engine.Results.ReadKeysAsync().ToListAsync());
    }

    [SkippableFact]
    public async Task A_result_reads_back_as_it_was_written()
    {
        var engine = await CreateAsync(AckWait);
        var item = Photos.Item(1);
        var result = Photos.Result(item);
        await engine.Results.CreateAsync(result);

        var stored = (await engine.Results.ReadAsync(item.Key))!;

        Assert.Equal((result.Key, result.Worker, result.Started, result.Completed, result.Attempt, result.TraceParent),
            (stored.Key, stored.Worker, stored.Started, stored.Completed, stored.Attempt, stored.TraceParent));
        Assert.Equal((result.Result.Score, result.Result.ImageName), (stored.Result.Score, stored.Result.ImageName));
        Assert.Equal(result.Result.Regions, stored.Result.Regions);
        Assert.False(stored.Result.ModelMap.HasValues);
        Assert.Equal([0.25f, 1f], stored.Map!.ToMap().Data.Select(v => MathF.Round(v, 4)));
    }

    [SkippableFact]
    public async Task A_result_larger_than_a_message_leaves_out_map_and_contours_and_says_so()
    {
        var engine = await CreateAsync(AckWait);
        var item = Photos.Item(1);
        var contour = Enumerable.Range(0, 120_000).Select(i => new PixelPoint(1000 + i, 2000 + i)).ToList();
        var result = Photos.Result(item);
        await engine.Results.CreateAsync(result with { Result = result.Result with { Regions = [new(1, 2, 3, 4, 5, 0.5f, 2, 3) { Contour = contour }] } });

        var stored = (await engine.Results.ReadAsync(item.Key))!;

        Assert.Null(stored.Map);
        Assert.Equal((5, 0), (stored.Result.Regions[0].Area, stored.Result.Regions[0].Contour.Count));
        Assert.Equal(2, stored.Result.Notices.Count(n => n.Contains("larger than a message", StringComparison.Ordinal)));
    }

    [SkippableFact]
    public async Task Why_work_was_given_up_is_written_once()
    {
        var engine = await CreateAsync(AckWait);
        var item = Photos.Item(7);
        Assert.Null(await engine.Results.ReadDeadAsync(item.Id));

        bool[] written = await Task.WhenAll(Enumerable.Range(0, 5).Select(i => engine.Results.AddDeadAsync(Dead(item.Id) with { Item = item })));

        Assert.Single(written, w => w);
        var stored = (await engine.Results.ReadDeadAsync(item.Id))!;
        Assert.Equal((item, DeadCause.Unreadable, "it is a text", 3), (stored.Item, stored.Cause, stored.Reason, stored.Attempts));
        Assert.Equal(stored, Assert.Single(await engine.Results.ReadAllDeadAsync().ToListAsync()));
    }

    [SkippableFact]
    public async Task Jobs_are_read_in_the_order_submitted_also_after_they_are_done()
    {
        var engine = await CreateAsync(AckWait);
        for (int i = 0; i < 4; i++)
        {
            await engine.Queue.SubmitAsync(Photos.Item(i, "first"));
            await engine.Queue.SubmitAsync(Photos.Item(i, "second"));
            await engine.Queue.SubmitAsync(Photos.Item(i, "first"));
        }

        await engine.Queue.SubmitAsync(Photos.Item(9, "first"));
        foreach (var delivery in await PullAsync(engine, 10))
        {
            await delivery.CompleteAsync();
        }

        Assert.Equal(["second", "first"], await engine.Queue.GetJobsAsync(Photos.Detector));
        Assert.Equal([0, 1, 2, 3, 9], (await engine.Queue.ReadJobAsync(Photos.Detector, "first").ToListAsync()).Select(i => i.Index));
        Assert.Empty(await engine.Queue.ReadJobAsync(Other, "first").ToListAsync());
        Assert.Empty(await engine.Queue.ReadJobAsync(Photos.Detector, "third").ToListAsync());
    }

    [SkippableFact]
    public async Task The_status_counts_what_waits_what_is_open_and_what_is_done()
    {
        var engine = await CreateAsync(AckWait);
        for (int i = 0; i < 5; i++)
        {
            await engine.Queue.SubmitAsync(Photos.Item(i));
        }

        var waiting = Assert.Single((await engine.Queue.GetStatusAsync()).Detectors);
        Assert.Equal((5, 5, 0, false), (waiting.Submitted, waiting.Pending, waiting.AckPending, waiting.HasWorkers));

        var delivered = await PullAsync(engine, 3);
        await delivered[0].CompleteAsync();
        await engine.Results.CreateAsync(Photos.Result(delivered[0].Item!));
        await delivered[1].RejectAsync();
        await engine.Results.AddDeadAsync(Dead(delivered[1].Id));
        await Task.Delay(AckWait + AckWait / 2);
        var late = await PullAsync(engine, 1);

        Assert.Equal(2, Assert.Single(late).Attempt);
        var status = await engine.Queue.GetStatusAsync();
        Assert.Equal((1, 1), (status.Results, status.Dead));
        Assert.Equal(new DetectorWork(Photos.Detector.Route, 5, 2, 1, 1, HasWorkers: true), Assert.Single(status.Detectors));
    }

    [SkippableFact]
    public async Task Work_that_is_not_valid_is_refused()
    {
        var engine = await CreateAsync(AckWait);
        WorkItem[] wrong =
        [
            Photos.Item(1) with { Job = "a.b" }, Photos.Item(1) with { Job = "" }, Photos.Item(1) with { ImageSha256 = "0" },
            Photos.Item(1) with { ClassName = " " }, Photos.Item(1) with { Index = -1 }, Photos.Item(1) with { Image = new("photo.png", UriKind.Relative) },
            Photos.Item(1) with { Image = new("https://name:secret@host/a.png") },
        ];

        foreach (var item in wrong)
        {
            var error = await Assert.ThrowsAsync<WorkException>(() => engine.Queue.SubmitAsync(item));
            Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
        }

        Assert.Empty((await engine.Queue.GetStatusAsync()).Detectors);
    }

    private static DeadItem Dead(string id) => new()
    {
        Id = id, Cause = DeadCause.Unreadable, Reason = "it is a text", Attempts = 3, Worker = "w", Time = DateTimeOffset.UnixEpoch,
    };

    private static async Task<IReadOnlyList<IWorkDelivery>> PullAsync(Engine engine, int most, DetectorFingerprint? detector = null) =>
        await engine.Source.PullAsync(detector ?? Photos.Detector, most, Wait).ToListAsync();
}
