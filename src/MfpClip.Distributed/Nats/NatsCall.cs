using System.Net.Sockets;
using System.Security.Authentication;
using NATS.Client.Core;
using NATS.Client.JetStream;

namespace MfpClip.Distributed;

/// <summary>Calls that outlast a server's restart: what failed for the connection is tried until the time-out, and then says why in one typed error.</summary>
internal sealed class NatsCall(NatsWorkOptions options)
{
    // Codes of the server's JetStream API.
    public const int NoMessage = 10037, StreamNotFound = 10059, ConsumerNotFound = 10014, WrongLastSequence = 10071;

    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(100), Longest = TimeSpan.FromSeconds(2);

    public async Task<T> RunAsync<T>(string what, Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        var end = DateTimeOffset.UtcNow + options.Timeout;
        for (var delay = First; ; delay = delay + delay < Longest ? delay + delay : Longest)
        {
            try
            {
                return await call(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (Refusal(e) is { } refusal)
            {
                throw new WorkException($"{what}: {refusal}", e);
            }
            catch (Exception e) when (IsOfConnection(e) && !cancellationToken.IsCancellationRequested)
            {
                if (DateTimeOffset.UtcNow + delay > end)
                {
                    throw new WorkException($"{what}: the NATS server {options.SafeUrl} did not answer within {(long)options.Timeout.TotalSeconds} s "
                        + $"({e.GetType().Name}). Check that it runs with JetStream (nats-server -js) and can be reached from here.", e);
                }
            }
            catch (NatsJSApiException e)
            {
                throw new WorkException($"{what}: the NATS server {options.SafeUrl} refused ({e.Error.Description}, {e.Error.ErrCode}).", e);
            }

            await Task.Delay(delay, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Whether another attempt can help; what the server answered cannot.</summary>
    public static bool IsOfConnection(Exception e) => e switch
    {
        NatsJSApiException api => api.Error.Code is 503 or 500 || api.Error.ErrCode is 10008, // no leader, or not enough resources, yet
        NatsException or OperationCanceledException or TimeoutException or IOException or SocketException => true,
        _ => false,
    };

    // What no other attempt changes: who we are is not accepted, or who the server is.
    private string? Refusal(Exception? e)
    {
        for (; e is not null; e = e.InnerException)
        {
            if (e is AuthenticationException)
            {
                return $"the certificate of the NATS server {options.SafeUrl} is not accepted ({e.Message.TrimEnd('.')}). Name its authority (--nats-ca; "
                    + "TlsOpts in NatsWorkOptions.Configure), and the server by the name in its certificate.";
            }

            if (e is NatsServerException { Error: var error } && error.Contains("uthoriz", StringComparison.Ordinal))
            {
                return $"the NATS server {options.SafeUrl} refused ({error}). Check the credentials and their rights.";
            }
        }

        return null;
    }
}
