using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace MfpClip.Diagnostics;

/// <summary>Names under which a host finds this library's metrics and traces.</summary>
public static class MfpClipTelemetry
{
    /// <summary>Name of the <see cref="Meter"/>.</summary>
    public const string MeterName = "MfpClip";

    /// <summary>Name of the <see cref="ActivitySource"/>.</summary>
    public const string ActivitySourceName = "MfpClip";

    internal static readonly ActivitySource Source = new(ActivitySourceName, LibraryVersion.Current);
    private static readonly Meter Meter = new(MeterName, LibraryVersion.Current);
    private static readonly Counter<long> Images = Meter.CreateCounter<long>("mfpclip.images", "{image}", "Images detected.");
    private static readonly Counter<long> Anomalies = Meter.CreateCounter<long>("mfpclip.anomalies", "{image}", "Images at or above the calibrated threshold.");
    private static readonly Histogram<double> ForwardTime = Meter.CreateHistogram<double>("mfpclip.forward.duration", "s", "Forward pass of a batch.");
    private static readonly Histogram<double> Scores = Meter.CreateHistogram<double>("mfpclip.score", "1", "Raw anomaly score of an image.");

    internal static void Record(IReadOnlyList<AnomalyResult> results, TimeSpan forward)
    {
        Images.Add(results.Count);
        ForwardTime.Record(forward.TotalSeconds);
        foreach (var result in results)
        {
            Scores.Record(result.Score);
            if (result.IsAnomalous == true)
            {
                Anomalies.Add(1);
            }
        }
    }
}
