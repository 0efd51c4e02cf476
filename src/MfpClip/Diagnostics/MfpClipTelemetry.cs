using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace MfpClip.Diagnostics;

/// <summary>Names under which a host finds this library's metrics and traces.</summary>
/// <remarks>
/// Histograms advise their buckets: scores in steps of 0.05, times from a millisecond to a minute, in seconds as OpenTelemetry counts them. The
/// detection that warms a detector up is traced, and counted nowhere.
/// </remarks>
public static class MfpClipTelemetry
{
    /// <summary>Name of the <see cref="Meter"/>.</summary>
    public const string MeterName = "MfpClip";

    /// <summary>Name of the <see cref="ActivitySource"/>.</summary>
    public const string ActivitySourceName = "MfpClip";

    /// <summary>Tag of metrics and spans: the name of the detector (<see cref="ZeroShotDetectorBuilder.WithLine"/>); absent where it has none.</summary>
    public const string LineTag = "mfpclip.line";

    /// <summary>Tag of metrics and spans: "cpu" or "cuda:N".</summary>
    public const string DeviceTag = "mfpclip.device";

    /// <summary>Tag of metrics and spans: "normal", "anomalous", or "none" without a calibration.</summary>
    public const string DecisionTag = "mfpclip.decision";

    /// <summary>Tag of metrics: "decode", "preprocess", "forward" or "postprocess".</summary>
    public const string StageTag = "mfpclip.stage";

    internal const string ImageTag = "mfpclip.image", ImagesTag = "mfpclip.images", ScoreTag = "mfpclip.score", MethodTag = "mfpclip.method";

    private const string ErrorTag = "error.type";

    internal static readonly ActivitySource Source = new(ActivitySourceName, LibraryVersion.Current);
    private static readonly Meter Meter = new(MeterName, LibraryVersion.Current);
    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60],
    };

    private static readonly InstrumentAdvice<double> UnitInterval = new() { HistogramBucketBoundaries = [.. Enumerable.Range(1, 20).Select(i => i / 20.0)] };

    private static readonly Counter<long> Images = Meter.CreateCounter<long>("mfpclip.images", "{image}", "Images detected.");
    private static readonly Counter<long> Failures = Meter.CreateCounter<long>("mfpclip.images.failed", "{image}", "Images that could not be read.");
    private static readonly Counter<long> Anomalies = Meter.CreateCounter<long>("mfpclip.anomalies", "{image}", "Images at or above the calibrated threshold.");
    private static readonly Histogram<double> ForwardTime = Meter.CreateHistogram(
        "mfpclip.forward.duration", "s", "Forward pass of a batch.", tags: null, Seconds);

    private static readonly Histogram<double> StageTime = Meter.CreateHistogram(
        "mfpclip.stage.duration", "s", "One stage: of an image, the forward pass of a batch.", tags: null, Seconds);

    private static readonly Histogram<double> Scores = Meter.CreateHistogram("mfpclip.score", "1", "Raw anomaly score of an image.", tags: null, UnitInterval);

    private static readonly AsyncLocal<bool> NotCounted = new();

    /// <summary>Until the result is disposed, nothing that runs in this flow of control is counted: an image that nobody sent is no image.</summary>
    internal static IDisposable WithoutMetrics()
    {
        NotCounted.Value = true;
        return new Counting();
    }

    internal static void Record(IReadOnlyList<AnomalyResult> results, TimeSpan forward, DetectorLabels labels)
    {
        if (NotCounted.Value)
        {
            return;
        }

        var tags = labels.Tags();
        ForwardTime.Record(forward.TotalSeconds, tags);
        Stage("forward", forward, tags);
        foreach (var result in results)
        {
            var decided = tags;
            decided.Add(DecisionTag, DecisionOf(result));
            Images.Add(1, decided);
            Scores.Record(result.Score, decided);
            Stage("decode", result.Timings.Decode, tags);
            Stage("preprocess", result.Timings.Preprocess, tags);
            Stage("postprocess", result.Timings.Postprocess, tags);
            if (result.IsAnomalous == true)
            {
                Anomalies.Add(1, decided);
            }
        }
    }

    internal static void RecordFailure(Exception error, DetectorLabels labels)
    {
        if (!NotCounted.Value)
        {
            var tags = labels.Tags();
            tags.Add(ErrorTag, error.GetType().Name);
            Failures.Add(1, tags);
        }
    }

    internal static string DecisionOf(AnomalyResult result) => result.IsAnomalous switch { true => "anomalous", false => "normal", null => "none" };

    private static void Stage(string stage, TimeSpan time, TagList tags)
    {
        tags.Add(StageTag, stage); // of a copy: a TagList is a value
        StageTime.Record(time.TotalSeconds, tags);
    }

    private sealed class Counting : IDisposable
    {
        public void Dispose() => NotCounted.Value = false;
    }
}
