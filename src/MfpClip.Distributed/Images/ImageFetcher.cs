using System.Security.Cryptography;

namespace MfpClip.Distributed;

/// <summary>Gets an image by its URI: bounded, and only with the bytes that were submitted.</summary>
public sealed class ImageFetcher
{
    private const int BufferBytes = 1 << 16;
    private readonly IReadOnlyList<IImageStore> _stores;
    private readonly long _maximumBytes;

    /// <summary>Reads from some stores.</summary>
    /// <param name="stores">The first that handles a URI is asked.</param>
    /// <param name="maximumBytes">Bytes of an image at most.</param>
    public ImageFetcher(IEnumerable<IImageStore> stores, long maximumBytes = 256L * 1024 * 1024)
    {
        ArgumentNullException.ThrowIfNull(stores);
        ArgumentOutOfRangeException.ThrowIfLessThan(maximumBytes, 1);
        (_stores, _maximumBytes) = ([.. stores], maximumBytes);
    }

    /// <summary>The SHA-256 of an image, for its submission; lower-case hexadecimal.</summary>
    /// <param name="image">Absolute URI.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="ImageFetchException">It may not be read, or cannot be.</exception>
    public async Task<string> HashAsync(Uri image, CancellationToken cancellationToken = default)
    {
        var stream = await OpenAsync(image, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            return await ReadAsync(image, stream, null, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>An image with the bytes that were submitted.</summary>
    /// <param name="image">Absolute URI.</param>
    /// <param name="sha256">What its bytes have to hash to.</param>
    /// <param name="asFile">
    /// Whether an image that is a file is given by its path, so that a detector with tiles can read it by rows: its bytes are checked before, not while.
    /// </param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="ImageFetchException">It may not be read, cannot be, is too large, or has other bytes.</exception>
    public async Task<ImageInput> FetchAsync(Uri image, string sha256, bool asFile = false, CancellationToken cancellationToken = default)
    {
        string name = ImageNames.Of(image);
        var stream = await OpenAsync(image, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            using var bytes = asFile && stream is FileStream ? null : new MemoryStream();
            string hash = await ReadAsync(image, stream, bytes, cancellationToken).ConfigureAwait(false);
            return hash != sha256 ? throw new ImageFetchException(
                name, DeadCause.Changed, $"its SHA-256 is {hash[..16]}..., that of the submitted image was {sha256[..16]}.... Submit it again.")
                : bytes is null ? ImageInput.FromFile(((FileStream)stream).Name) : ImageInput.FromBytes(bytes.GetBuffer().AsMemory(0, (int)bytes.Length), name);
        }
    }

    private Task<Stream> OpenAsync(Uri image, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(image);
        return _stores.FirstOrDefault(s => s.Handles(image)) is { } store ? store.OpenAsync(image, cancellationToken)
            : throw new ImageFetchException(ImageNames.Of(image), DeadCause.Forbidden, $"no image store reads '{image.Scheme}:'.");
    }

    private async Task<string> ReadAsync(Uri image, Stream stream, MemoryStream? into, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[BufferBytes];
        try
        {
            // A file that is read by rows is bounded by the detector; it is hashed only.
            long left = into is null && stream is FileStream ? long.MaxValue : _maximumBytes;
            for (int read; (read = await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0;)
            {
                left -= read;
                if (left < 0)
                {
                    throw new ImageFetchException(
                        ImageNames.Of(image), DeadCause.Unreadable, $"it has more than {_maximumBytes} bytes, the limit of this worker.");
                }

                hash.AppendData(buffer, 0, read);
                into?.Write(buffer, 0, read);
            }
        }
        catch (Exception e) when (e is IOException or HttpRequestException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new ImageFetchException(ImageNames.Of(image), DeadCause.Unreachable, $"reading it ended early ({e.Message.TrimEnd('.')}).", e);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
