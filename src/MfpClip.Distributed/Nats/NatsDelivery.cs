using NATS.Client.JetStream;

namespace MfpClip.Distributed;

/// <summary>A message of the pull consumer. An answer that is lost costs a delivery more, which finds the result.</summary>
internal sealed class NatsDelivery : IWorkDelivery
{
    private readonly INatsJSMsg<byte[]> _message;

    public NatsDelivery(INatsJSMsg<byte[]> message)
    {
        _message = message;
        (Item, Fault) = WorkJson.ReadItem(message.Data ?? []);
        Id = Item?.Id ?? NatsNames.Malformed(message.Metadata?.Sequence.Stream ?? 0);
        Attempt = (int)Math.Min(message.Metadata?.NumDelivered ?? 1, int.MaxValue);
        TraceParent = message.Headers?.TryGetValue(WorkTelemetry.TraceParentHeader, out var trace) == true ? trace.ToString() : null;
    }

    public WorkItem? Item { get; }

    public string? Fault { get; }

    public string Id { get; }

    public int Attempt { get; }

    public string? TraceParent { get; }

    public Task CompleteAsync(CancellationToken cancellationToken = default) => _message.AckAsync(cancellationToken: cancellationToken).AsTask();

    public Task RetryAsync(TimeSpan delay, CancellationToken cancellationToken = default) =>
        _message.NakAsync(delay > TimeSpan.Zero ? new AckOpts { NakDelay = delay } : null, cancellationToken).AsTask();

    public Task RejectAsync(CancellationToken cancellationToken = default) => _message.AckTerminateAsync(cancellationToken: cancellationToken).AsTask();

    public Task ReportProgressAsync(CancellationToken cancellationToken = default) => _message.AckProgressAsync(cancellationToken: cancellationToken).AsTask();
}
