namespace MfpClip.Distributed;

/// <summary>Images of some hosts by http and https. Redirections are refused: a host that may be read could lead to one that may not.</summary>
internal sealed class HttpImageStore : IImageStore
{
    private readonly HashSet<string> _hosts;
    private readonly TimeSpan _timeout;
    private readonly HttpClient _client;

    public HttpImageStore(IReadOnlyList<string> hosts, TimeSpan timeout)
    {
        _hosts = new(hosts, StringComparer.OrdinalIgnoreCase);
        _timeout = timeout;
        _client = new(new SocketsHttpHandler
        {
            AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5), ConnectTimeout = timeout,
        })
        {
            Timeout = System.Threading.Timeout.InfiniteTimeSpan, // the body counts, too
        };
    }

    public bool Handles(Uri image) => image.Scheme == Uri.UriSchemeHttp || image.Scheme == Uri.UriSchemeHttps;

    public async Task<Stream> OpenAsync(Uri image, CancellationToken cancellationToken = default)
    {
        string name = ImageNames.Of(image);
        if (!_hosts.Contains(image.IsDefaultPort ? image.Host : image.Authority))
        {
            throw new ImageFetchException(name, DeadCause.Forbidden, "its host is none of those that this worker may read; add it to them.");
        }

        var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        ending.CancelAfter(_timeout);
        HttpResponseMessage? response = null;
        try
        {
            response = await _client.GetAsync(image, HttpCompletionOption.ResponseHeadersRead, ending.Token).ConfigureAwait(false);
            int code = (int)response.StatusCode;
            return response.IsSuccessStatusCode
                ? new TimedStream(await response.Content.ReadAsStreamAsync(ending.Token).ConfigureAwait(false), response, ending)
                : throw new ImageFetchException(
                    name, code is >= 300 and < 400 ? DeadCause.Forbidden : DeadCause.Unreachable,
                    code is >= 300 and < 400 ? $"its host redirects ({code}), which is not followed; submit the final URI." : $"its host answers {code}.");
        }
        catch (Exception e) when (e is HttpRequestException or IOException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            Dispose();
            throw new ImageFetchException(
                name, DeadCause.Unreachable, e is OperationCanceledException
                    ? FormattableString.Invariant($"its host did not answer within {_timeout.TotalSeconds:0.#} s.")
                    : $"its host cannot be reached ({e.Message.TrimEnd('.')}).", e);
        }
        catch
        {
            Dispose();
            throw;
        }

        void Dispose()
        {
            response?.Dispose();
            ending.Dispose();
        }
    }

    /// <summary>A body that has to arrive before the time-out of its request.</summary>
    private sealed class TimedStream(Stream body, HttpResponseMessage response, CancellationTokenSource ending) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => body.Read(buffer, offset, count);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            body.ReadAsync(buffer, ending.Token);

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                body.Dispose();
                response.Dispose();
                ending.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
