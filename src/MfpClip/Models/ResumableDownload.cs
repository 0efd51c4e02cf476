using System.Net;
using System.Net.Http.Headers;

namespace MfpClip.Models;

/// <summary>Fetches one file into a partial file, taking up where it broke off.</summary>
internal sealed class ResumableDownload(HttpClient client, ModelStoreOptions options, string model, string file)
{
    /// <returns>The SHA-256 that the server states for the file; null if it states none.</returns>
    public async Task<string?> FetchAsync(Uri address, string partial, IProgress<DownloadProgress>? progress, CancellationToken cancellationToken)
    {
        var delay = options.RetryDelay;
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                return await TryAsync(address, partial, progress, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is HttpRequestException or HttpIOException && !cancellationToken.IsCancellationRequested)
            {
                if (attempt >= options.Retries)
                {
                    throw new ModelStoreException(model, $"'{file}' cannot be fetched from {address.Host} after {attempt + 1} tries ({e.Message}). What "
                        + $"arrived is kept; run it again to go on.", e);
                }

                await Task.Delay(delay, cancellationToken).ConfigureAwait(false);
                delay *= 2;
            }
        }
    }

    private async Task<string?> TryAsync(Uri address, string partial, IProgress<DownloadProgress>? progress, CancellationToken cancellationToken)
    {
        long have = File.Exists(partial) ? new FileInfo(partial).Length : 0;
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (have > 0)
        {
            request.Headers.Range = new RangeHeaderValue(have, null);
        }

        if (options.Token is { } token && address.Host == options.Endpoint.Host)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            // All is here already, or more than all: the hash tells; a wrong one starts from scratch.
            return response.Content.Headers.ContentRange?.Length == have ? ExpectedHash(response) : throw Restart(partial);
        }

        if (!response.IsSuccessStatusCode)
        {
            throw (int)response.StatusCode >= 500 || response.StatusCode == HttpStatusCode.TooManyRequests
                ? new HttpRequestException($"the server answers {(int)response.StatusCode}")
                : new ModelStoreException(model, $"'{file}': {address.Host} answers {(int)response.StatusCode} {response.ReasonPhrase}."
                    + (response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden ? " It may need a token (HF_TOKEN)." : string.Empty));
        }

        // A server that ignores the range sends everything from the start.
        bool resumes = response.StatusCode == HttpStatusCode.PartialContent && response.Content.Headers.ContentRange?.From == have;
        if (response.StatusCode == HttpStatusCode.PartialContent && !resumes)
        {
            throw Restart(partial);
        }

        long at = resumes ? have : 0;
        long? total = response.Content.Headers.ContentLength is { } length ? at + length : null;
        await CopyAsync(response, partial, at, total, progress, cancellationToken).ConfigureAwait(false);
        return ExpectedHash(response);
    }

    private async Task CopyAsync(
        HttpResponseMessage response, string partial, long at, long? total, IProgress<DownloadProgress>? progress, CancellationToken cancellationToken)
    {
        using var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        using var target = new FileStream(partial, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
        target.SetLength(at);
        target.Seek(at, SeekOrigin.Begin);
        var buffer = new byte[1 << 17];
        int read;
        while ((read = await body.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
        {
            await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
            at += read;
            progress?.Report(new(file, at, total));
        }

        if (total is { } expected && at != expected)
        {
            throw new HttpRequestException($"the transfer ended after {at} of {expected} bytes");
        }
    }

    private static HttpRequestException Restart(string partial)
    {
        File.Delete(partial);
        return new HttpRequestException("the server's idea of the file does not fit what is here");
    }

    private static string? ExpectedHash(HttpResponseMessage response)
    {
        var headers = new[] { "X-Linked-Etag", "ETag" }.SelectMany(h => response.Headers.TryGetValues(h, out var values) ? values : []);
        return headers.Select(h => h.Replace("W/", string.Empty, StringComparison.Ordinal).Trim('"'))
            .FirstOrDefault(h => h.Length == 64 && h.All(char.IsAsciiHexDigitLower));
    }
}
