using System.Net;
using System.Net.Http.Headers;

namespace MfpClip.Models;

/// <summary>Fetches one file into a partial file, resuming where it was interrupted.</summary>
internal sealed class ResumableDownload(HttpClient client, ModelStoreOptions options, string file)
{
    /// <returns>The SHA-256 that the server states for the file; null if it states none.</returns>
    /// <exception cref="DownloadException">The server does not give it.</exception>
    public async Task<string?> FetchAsync(Uri address, PartialFile partial, IProgress<DownloadProgress>? progress, CancellationToken cancellationToken)
    {
        var delay = options.RetryDelay;
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                return await TryAsync(address, partial, progress, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is HttpRequestException or HttpIOException or TimeoutException && !cancellationToken.IsCancellationRequested)
            {
                if (attempt >= options.Retries || e is HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError })
                {
                    throw new DownloadException($"'{file}' cannot be fetched from {address.Host} after {attempt + 1} tries ({e.Message}). What arrived is "
                        + "kept; the same command resumes it.", e);
                }

                await Task.Delay(delay, cancellationToken).ConfigureAwait(false);
                delay *= 2;
            }
        }
    }

    private async Task<string?> TryAsync(Uri address, PartialFile partial, IProgress<DownloadProgress>? progress, CancellationToken cancellationToken)
    {
        long have = partial.Length;
        var stated = new StatedFile();
        using var silence = new Silence(options.SilenceTimeout, cancellationToken);
        using var response = await RedirectedRequest.SendAsync(
            client, address, a => Request(a, have, partial.Validator), stated, silence).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            // All is here already, or more than all: the hash tells; a wrong one starts from scratch.
            return response.Content.Headers.ContentRange?.Length == have ? stated.Sha256 : throw Restart(partial, "its length is another one");
        }

        if (!response.IsSuccessStatusCode)
        {
            throw Refusal(response, address);
        }

        // A server that ignores the range, or whose file is not the same any more (If-Range), sends everything from the start.
        bool resumes = response.StatusCode == HttpStatusCode.PartialContent;
        if (resumes && response.Content.Headers.ContentRange?.From != have)
        {
            throw Restart(partial, "it sends another part than the one that was asked for");
        }

        string? version = Version(response);
        if (resumes && partial.Validator is { } known && version is not null && version != known)
        {
            throw Restart(partial, "the file was changed there since its beginning was fetched");
        }

        long at = resumes ? have : 0;
        long? total = response.Content.Headers.ContentRange?.Length
            ?? (response.Content.Headers.ContentLength is { } length ? at + length : stated.Length);
        if (total is null && stated.Sha256 is null && response.Headers.TransferEncodingChunked != true)
        {
            throw new DownloadException(
                $"'{file}': {address.Host} states neither a length nor a hash, so that half a file could not be told from a whole one.");
        }

        using var body = await response.Content.ReadAsStreamAsync(silence.Token).ConfigureAwait(false);
        using var target = partial.OpenAt(at, version);
        await CopyAsync(body, target, at, total, progress, silence).ConfigureAwait(false);
        return stated.Sha256;
    }

    private async Task CopyAsync(Stream body, FileStream target, long at, long? total, IProgress<DownloadProgress>? progress, Silence silence)
    {
        var buffer = new byte[1 << 17];
        int read;
        while ((read = await silence.WatchAsync(t => body.ReadAsync(buffer, t).AsTask()).ConfigureAwait(false)) > 0)
        {
            await target.WriteAsync(buffer.AsMemory(0, read), silence.Cancellation).ConfigureAwait(false);
            at += read;
            progress?.Report(new(file, at, total));
        }

        target.Flush(flushToDisk: true);
        if (total is { } expected && at != expected)
        {
            throw new HttpRequestException($"the transfer ended after {at} of {expected} bytes");
        }
    }

    private HttpRequestMessage Request(Uri address, long have, string? validator)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (have > 0)
        {
            request.Headers.Range = new RangeHeaderValue(have, null);
            if (validator is not null)
            {
                request.Headers.TryAddWithoutValidation("If-Range", validator);
            }
        }

        if (options.Token is { } token && address.Authority == options.Endpoint.Authority && address.Scheme == options.Endpoint.Scheme)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        return request;
    }

    private Exception Refusal(HttpResponseMessage response, Uri address) =>
        (int)response.StatusCode >= 500 || response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout
            ? new HttpRequestException($"the server answers {(int)response.StatusCode}")
            : new DownloadException($"'{file}': {address.Host} answers {(int)response.StatusCode} {response.ReasonPhrase}."
                + (response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden ? " It may need a token (HF_TOKEN)." : string.Empty));

    // A weak entity tag says "as good as", not "the same bytes": no validator for a part.
    private static string? Version(HttpResponseMessage response) => response.Headers.ETag is { IsWeak: false } tag ? tag.Tag
        : response.Content.Headers.LastModified is { } date ? date.ToString("R", System.Globalization.CultureInfo.InvariantCulture) : null;

    private static HttpRequestException Restart(PartialFile partial, string why)
    {
        partial.Remove();
        return new HttpRequestException($"the server's file does not continue what is here: {why}");
    }
}
