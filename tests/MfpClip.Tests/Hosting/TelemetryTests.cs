using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using MfpClip.Diagnostics;
using MfpClip.Tests.Detection;

namespace MfpClip.Tests.Hosting;

public class TelemetryTests
{
    private static readonly ScoreCalibration EverythingIsAnomalous = new()
    {
        ImageThreshold = 0, PixelThreshold = 0.5f, MinimumScore = 0, MaximumScore = 1, Strategy = "by hand",
    };

    [Fact]
    public void Buckets_of_scores_lie_in_the_unit_interval_and_those_of_times_resolve_milliseconds()
    {
        var boundaries = new Dictionary<string, IReadOnlyList<double>>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (i, _) =>
            {
                if (i is Histogram<double> h && i.Meter.Name == MfpClipTelemetry.MeterName)
                {
                    boundaries[i.Name] = h.Advice!.HistogramBucketBoundaries!;
                }
            },
        };
        listener.Start();

        Assert.Equal(["mfpclip.forward.duration", "mfpclip.score", "mfpclip.stage.duration"], boundaries.Keys.Order(StringComparer.Ordinal));
        Assert.All(boundaries["mfpclip.score"], b => Assert.InRange(b, 0, 1));
        Assert.True(boundaries["mfpclip.score"].Count >= 10);
        foreach (string name in new[] { "mfpclip.forward.duration", "mfpclip.stage.duration" })
        {
            // Seconds: a decode of 3 ms, a forward pass of 30 ms, 300 ms and 3 s must not share a bucket.
            Assert.Equal(4, new[] { 0.003, 0.03, 0.3, 3 }.Select(t => boundaries[name].Count(b => b <= t)).Distinct().Count());
        }
    }

    [Fact]
    public void Metrics_tell_line_decision_and_device_and_count_what_could_not_be_read()
    {
        const string Line = "metrics-line";
        var seen = new ConcurrentBag<(string Name, double Value, Dictionary<string, object?> Tags)>();
        using var listener = Listen(seen);
        using var detector = ZeroShotDetectorTests.Builder().WithLine(Line).Build();
        using var calibrated = detector.WithCalibration(EverythingIsAnomalous);

        detector.DetectBatch([ZeroShotDetectorTests.Picture(1), ZeroShotDetectorTests.Picture(2)]);
        calibrated.Detect(ZeroShotDetectorTests.Picture(3));
        Assert.Throws<ImageDecodeException>(() => detector.Detect(ImageInput.FromBytes(new byte[] { 1, 2, 3 })));

        var own = seen.Where(m => Equals(m.Tags.GetValueOrDefault(MfpClipTelemetry.LineTag), Line)).ToList();
        Assert.All(own, m => Assert.Equal("cpu", m.Tags[MfpClipTelemetry.DeviceTag]));
        Assert.Equal(3, own.Where(m => m.Name == "mfpclip.images").Sum(m => m.Value));
        Assert.Equal(1, own.Where(m => m.Name == "mfpclip.anomalies").Sum(m => m.Value));
        Assert.Equal(["anomalous", "none", "none"], own.Where(m => m.Name == "mfpclip.score").Select(m => m.Tags[MfpClipTelemetry.DecisionTag]).Order());
        Assert.Equal("ImageDecodeException", Assert.Single(own, m => m.Name == "mfpclip.images.failed").Tags["error.type"]);
        Assert.Equal(
            [("decode", 3), ("forward", 2), ("postprocess", 3), ("preprocess", 3)],
            own.Where(m => m.Name == "mfpclip.stage.duration").GroupBy(m => (string)m.Tags[MfpClipTelemetry.StageTag]!)
                .Select(g => (g.Key, g.Count())).OrderBy(g => g.Key, StringComparer.Ordinal));
    }

    [Fact]
    public void A_batch_is_one_span_with_one_inside_for_each_stage()
    {
        var spans = Spans("span-line", detector => detector.DetectBatch([ZeroShotDetectorTests.Picture(1), ZeroShotDetectorTests.Picture(2)]));

        var detect = Assert.Single(spans, s => s.OperationName == "detect");
        Assert.Equal(2, detect.GetTagItem("mfpclip.images"));
        Assert.Equal("cpu", detect.GetTagItem(MfpClipTelemetry.DeviceTag));
        var stages = spans.Where(s => s.ParentSpanId == detect.SpanId).ToList();
        Assert.Equal(
            ["decode", "decode", "forward", "postprocess", "postprocess", "preprocess", "preprocess"],
            stages.Select(s => s.OperationName).Order(StringComparer.Ordinal));
        Assert.All(stages, s => Assert.InRange(s.StartTimeUtc, detect.StartTimeUtc, detect.StartTimeUtc + detect.Duration));
        Assert.All(stages.Where(s => s.OperationName == "postprocess"), s => Assert.Equal("none", s.GetTagItem(MfpClipTelemetry.DecisionTag)));
    }

    [Fact]
    public void The_spans_of_a_stream_hang_under_the_span_of_the_caller()
    {
        var spans = Spans("stream-line", detector => Task.Run(async () =>
        {
            await foreach (var result in detector.DetectAsync(new[] { 1, 2, 3 }.Select(i => (ImageInput)ZeroShotDetectorTests.Picture(i)).ToAsyncEnumerable()))
            {
                Assert.Null(Activity.Current?.OperationName == "detect_stream" ? "it leaks to the consumer" : null);
            }
        }).GetAwaiter().GetResult());

        var stream = Assert.Single(spans, s => s.OperationName == "detect_stream");
        Assert.Equal(3, spans.Count(s => s.OperationName == "decode" && s.ParentSpanId == stream.SpanId));
        var batches = spans.Where(s => s.OperationName == "detect").ToList();
        Assert.All(batches, b => Assert.Equal(stream.SpanId, b.ParentSpanId));
        Assert.Equal(batches.Count, spans.Count(s => s.OperationName == "forward" && batches.Any(b => b.SpanId == s.ParentSpanId)));
    }

    [Fact]
    public void An_image_that_cannot_be_read_marks_its_span_and_the_one_around_it()
    {
        var spans = Spans("fault-line", detector =>
            Assert.Throws<ImageDecodeException>(() => detector.Detect(ImageInput.FromBytes(new byte[] { 1, 2, 3 }, "torn.png"))));

        Assert.Equal(["decode", "detect"], spans.Select(s => s.OperationName).Order(StringComparer.Ordinal));
        Assert.All(spans, s => Assert.Equal(ActivityStatusCode.Error, s.Status));
        Assert.All(spans, s => Assert.Contains("torn.png", s.StatusDescription, StringComparison.Ordinal));
    }

    internal static MeterListener Listen(ConcurrentBag<(string Name, double Value, Dictionary<string, object?> Tags)> seen)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (i, l) =>
            {
                if (i.Meter.Name == MfpClipTelemetry.MeterName)
                {
                    l.EnableMeasurementEvents(i);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((i, v, tags, _) => seen.Add((i.Name, v, tags.ToArray().ToDictionary())));
        listener.SetMeasurementEventCallback<double>((i, v, tags, _) => seen.Add((i.Name, v, tags.ToArray().ToDictionary())));
        listener.Start();
        return listener;
    }

    // Other tests detect at the same time: only what has this trace's id counts.
    private static List<Activity> Spans(string line, Action<ZeroShotDetector> detect)
    {
        var all = new ConcurrentBag<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = s => s.Name == MfpClipTelemetry.ActivitySourceName || s.Name == line,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = all.Add,
        };
        ActivitySource.AddActivityListener(listener);
        using var source = new ActivitySource(line);
        using var detector = ZeroShotDetectorTests.Builder().WithLine(line).Build();
        ActivityTraceId trace;
        using (var root = source.StartActivity("test"))
        {
            trace = root!.TraceId;
            detect(detector);
        }

        return [.. all.Where(a => a.TraceId == trace && a.OperationName != "test")];
    }
}
