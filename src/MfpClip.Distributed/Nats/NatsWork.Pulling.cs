using System.Runtime.CompilerServices;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;

namespace MfpClip.Distributed;

/// <content>Deliveries of the durable pull consumer of a detector.</content>
public sealed partial class NatsWork
{
    private static readonly TimeSpan ShortestPull = TimeSpan.FromSeconds(1); // the server's

    /// <inheritdoc/>
    public async IAsyncEnumerable<IWorkDelivery> PullAsync(
        DetectorFingerprint detector, int most, TimeSpan wait, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(detector);
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        var consumer = await ConsumerAsync(detector.Route, cancellationToken).ConfigureAwait(false);
        var messages = consumer.FetchAsync<byte[]>(
            new() { MaxMsgs = most, Expires = wait > ShortestPull ? wait : ShortestPull }, cancellationToken: cancellationToken)
            .GetAsyncEnumerator(cancellationToken);
        await using (messages.ConfigureAwait(false))
        {
            while (await NextAsync(detector.Route, messages, cancellationToken).ConfigureAwait(false))
            {
                yield return new NatsDelivery(messages.Current);
            }
        }
    }

    private async ValueTask<bool> NextAsync(string route, IAsyncEnumerator<INatsJSMsg<byte[]>> messages, CancellationToken cancellationToken)
    {
        try
        {
            return await messages.MoveNextAsync().ConfigureAwait(false);
        }
        catch (Exception e) when ((NatsCall.IsOfConnection(e) || e is NatsJSApiException) && !cancellationToken.IsCancellationRequested)
        {
            _consumers.TryRemove(route, out _); // it is asked for again, and made again where it is gone
            throw new WorkException($"No work can be taken from the NATS server {_options.SafeUrl} ({e.Message}).", e);
        }
    }

    private async Task<INatsJSConsumer> ConsumerAsync(string route, CancellationToken cancellationToken)
    {
        if (_consumers.TryGetValue(route, out var known))
        {
            return known;
        }

        // Deliveries are counted by the workers: a message that the server itself stops delivering would end without a reason.
        var config = new ConsumerConfig(_names.Consumer(route))
        {
            DurableName = _names.Consumer(route), AckPolicy = ConsumerConfigAckPolicy.Explicit, AckWait = _options.AckWait, MaxDeliver = -1,
            MaxAckPending = _options.MaximumAckPending, FilterSubject = _names.WorkOf(route),
        };
        return _consumers[route] = await _call.RunAsync("The consumer cannot be made",
            async token => await _stream.CreateOrUpdateConsumerAsync(_names.WorkStream, config, token).ConfigureAwait(false), cancellationToken)
            .ConfigureAwait(false);
    }
}
