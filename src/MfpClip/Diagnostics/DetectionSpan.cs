using System.Diagnostics;

namespace MfpClip.Diagnostics;

/// <summary>What metrics and spans of a detector say about it.</summary>
/// <param name="Line">Its name; <see langword="null"/>: none.</param>
/// <param name="Device">"cpu" or "cuda:N".</param>
internal readonly record struct DetectorLabels(string? Line, string Device)
{
    public TagList Tags()
    {
        var tags = new TagList { { MfpClipTelemetry.DeviceTag, Device } };
        if (Line is not null)
        {
            tags.Add(MfpClipTelemetry.LineTag, Line);
        }

        return tags;
    }
}

/// <summary>Spans of a detection: "detect" around a batch, and one in it for each stage. Without a listener they cost nothing.</summary>
internal static class DetectionSpan
{
    /// <summary>The span around everything that is done for one call or batch; <see langword="null"/> where nobody listens.</summary>
    public static Activity? Start(string name, int? images, DetectorLabels labels, ActivityContext parent = default)
    {
        var span = MfpClipTelemetry.Source.StartActivity(name, ActivityKind.Internal, parent);
        if (span is not null)
        {
            foreach (var (key, value) in labels.Tags())
            {
                span.SetTag(key, value);
            }

            if (images is { } count)
            {
                span.SetTag(MfpClipTelemetry.ImagesTag, count);
            }
        }

        return span;
    }

    /// <summary>Runs one stage in a span of its own.</summary>
    /// <param name="stage">Its name.</param>
    /// <param name="parent">The span that it belongs to: stages run on other threads, too, which know no current span.</param>
    /// <param name="image">The image, where the stage has one.</param>
    /// <param name="run">The stage.</param>
    /// <param name="tag">Adds what the result says.</param>
    public static T Run<T>(string stage, ActivityContext parent, string? image, Func<T> run, Action<Activity, T>? tag = null)
    {
        using var span = MfpClipTelemetry.Source.StartActivity(stage, ActivityKind.Internal, parent);
        if (image is not null)
        {
            span?.SetTag(MfpClipTelemetry.ImageTag, image);
        }

        try
        {
            var result = run();
            if (span is not null)
            {
                tag?.Invoke(span, result);
            }

            return result;
        }
        catch (Exception e)
        {
            Fail(span, e);
            throw;
        }
    }

    /// <summary>Marks a span as failed.</summary>
    public static void Fail(Activity? span, Exception error) => span?.SetStatus(ActivityStatusCode.Error, error.Message);
}
