using System.Diagnostics;

namespace MfpClip.Distributed;

/// <summary>A delivery on its way through a worker. It is answered once, by whichever stage ends it.</summary>
internal sealed class HeldWork(IWorkDelivery delivery, DateTimeOffset started)
{
    private int _ended;

    public IWorkDelivery Delivery => delivery;

    /// <summary>The work; only after the message was checked.</summary>
    public WorkItem Item => delivery.Item!;

    public DateTimeOffset Started => started;

    public long StartTimestamp { get; } = Stopwatch.GetTimestamp();

    /// <summary>The image, decoded where the detector takes pixels.</summary>
    public ImageInput? Image { get; set; }

    public TimeSpan Decode { get; set; }

    /// <summary>When it began to wait for the detector.</summary>
    public long WaitingSince { get; set; }

    public AnomalyResult? Result { get; set; }

    /// <summary>The span from the delivery to the answer, a child of the submission's.</summary>
    public Activity? Span { get; init; }

    /// <summary>Whether this call ends it.</summary>
    public bool TryEnd() => Interlocked.Exchange(ref _ended, 1) == 0;
}
