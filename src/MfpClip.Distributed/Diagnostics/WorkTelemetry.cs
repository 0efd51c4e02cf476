using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace MfpClip.Distributed;

/// <summary>Names under which a host finds the metrics and traces of distributed work; docs/scale-out.md lists them.</summary>
public static class WorkTelemetry
{
    /// <summary>Name of the <see cref="Meter"/>.</summary>
    public const string MeterName = "MfpClip.Distributed";

    /// <summary>Name of the <see cref="ActivitySource"/>.</summary>
    public const string ActivitySourceName = "MfpClip.Distributed";

    /// <summary>Tag: "fetch", "decode", "wait", "detect" or "write".</summary>
    public const string StageTag = "mfpclip.stage";

    /// <summary>Tag: a <see cref="DeadCause"/>.</summary>
    public const string CauseTag = "mfpclip.cause";

    /// <summary>Tag: the name of the worker.</summary>
    public const string WorkerTag = "mfpclip.worker";

    /// <summary>Tag: the job.</summary>
    public const string JobTag = "mfpclip.job";

    internal const string TraceParentHeader = "traceparent";

    internal static readonly ActivitySource Source = new(ActivitySourceName);

    internal static string? CurrentTraceParent => Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity ? activity.Id : null;

    internal static ActivityContext Parent(string? traceParent) =>
        ActivityContext.TryParse(traceParent, null, isRemote: true, out var context) ? context : default;
}
