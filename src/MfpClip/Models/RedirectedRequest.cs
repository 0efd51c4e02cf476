using System.Net;

namespace MfpClip.Models;

/// <summary>What the servers on the way to a file say about it.</summary>
internal sealed class StatedFile
{
    /// <summary>SHA-256 of the file; null if none is stated.</summary>
    public string? Sha256 { get; private set; }

    /// <summary>Bytes of the file; null if not stated.</summary>
    public long? Length { get; private set; }

    /// <summary>Reads the headers of the hub, and an entity tag that is a SHA-256.</summary>
    public void Read(HttpResponseMessage response)
    {
        var tags = new[] { "X-Linked-Etag", "ETag" }.SelectMany(h => response.Headers.TryGetValues(h, out var values) ? values : []);
        Sha256 ??= tags.Select(h => h.Replace("W/", string.Empty, StringComparison.Ordinal).Trim('"'))
            .FirstOrDefault(h => h.Length == 64 && h.All(char.IsAsciiHexDigitLower));
        Length ??= response.Headers.TryGetValues("X-Linked-Size", out var sizes) && long.TryParse(sizes.First(), out long size) ? size : null;
    }
}

/// <summary>Follows redirections itself: the hub states a file's hash in the answer that redirects, and its token must not reach another server.</summary>
internal static class RedirectedRequest
{
    private const int Most = 10;

    /// <summary>Sends, and follows.</summary>
    /// <exception cref="DownloadException">The redirections do not end, or lead from an encrypted address to an open one.</exception>
    public static async Task<HttpResponseMessage> SendAsync(
        HttpClient client, Uri address, Func<Uri, HttpRequestMessage> request, StatedFile stated, Silence silence)
    {
        for (int i = 0; i < Most; i++)
        {
            using var message = request(address);
            var response = await silence.WatchAsync(t => client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, t)).ConfigureAwait(false);
            stated.Read(response);
            if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308) || response.Headers.Location is not { } location)
            {
                return response;
            }

            response.Dispose();
            var next = new Uri(address, location);
            if (next.Scheme != address.Scheme && next.Scheme != Uri.UriSchemeHttps)
            {
                throw new DownloadException($"{address.Host} redirects to '{next.GetLeftPart(UriPartial.Authority)}', which is not encrypted.");
            }

            address = next;
        }

        throw new DownloadException($"{address.Host} redirects more than {Most} times.");
    }
}

/// <summary>Ends what waits for a server that sends nothing.</summary>
internal sealed class Silence : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly TimeSpan _most;

    public Silence(TimeSpan most, CancellationToken cancellation)
    {
        (_most, Cancellation) = (most, cancellation);
        _source = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
    }

    /// <summary>The caller's.</summary>
    public CancellationToken Cancellation { get; }

    /// <summary>The caller's, and the end of patience.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Waits for one answer.</summary>
    /// <exception cref="TimeoutException">There was none in time.</exception>
    public async Task<T> WatchAsync<T>(Func<CancellationToken, Task<T>> wait)
    {
        _source.CancelAfter(_most);
        try
        {
            return await wait(_source.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!Cancellation.IsCancellationRequested)
        {
            throw new TimeoutException(FormattableString.Invariant($"the server sent nothing for {_most.TotalSeconds:0.#} s"), e);
        }
        finally
        {
            _source.CancelAfter(Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose() => _source.Dispose();
}
