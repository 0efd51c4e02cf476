using System.Buffers;
using System.Security.Cryptography;

namespace MfpClip.Distributed;

/// <summary>Gets an image by its URI: bounded, and only with the bytes that were submitted.</summary>
public sealed class ImageFetcher
{
    private const int BufferBytes = 1 << 18;
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
            return await HashAsync(image, stream, cancellationToken).ConfigureAwait(false);
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
            if (asFile && stream is FileStream file)
            {
                CheckHash(await HashAsync(image, stream, cancellationToken).ConfigureAwait(false));
                return ImageInput.FromFile(file.Name);
            }

            var bytes = await ReadAsync(image, stream, cancellationToken).ConfigureAwait(false);
            CheckHash(Convert.ToHexStringLower(SHA256.HashData(bytes.Span)));
            return ImageInput.FromBytes(bytes, name);
        }

        void CheckHash(string hash)
        {
            if (hash != sha256)
            {
                throw new ImageFetchException(
                    name, DeadCause.Changed, $"its SHA-256 is {hash[..16]}..., that of the submitted image was {sha256[..16]}.... Submit it again.");
            }
        }
    }

    private Task<Stream> OpenAsync(Uri image, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(image);
        return _stores.FirstOrDefault(s => s.Handles(image)) is { } store ? store.OpenAsync(image, cancellationToken)
            : throw new ImageFetchException(ImageNames.Of(image), DeadCause.Forbidden, $"no image store reads '{image.Scheme}:'.");
    }

    // A file is bounded by the detector, which may read it by rows; others are bounded here.
    private async Task<string> HashAsync(Uri image, Stream stream, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            long left = stream is FileStream ? long.MaxValue : _maximumBytes;
            for (int read; (read = await ReadAsync(image, stream, buffer, cancellationToken).ConfigureAwait(false)) > 0;)
            {
                left -= read;
                ThrowIfTooLarge(image, left);
                hash.AppendData(buffer, 0, read);
            }

            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // All bytes: in one piece where a file says its length, else in pieces that grow with what arrives.
    private async Task<ReadOnlyMemory<byte>> ReadAsync(Uri image, Stream stream, CancellationToken cancellationToken)
    {
        long length = stream is FileStream { CanSeek: true } file ? file.Length : 0;
        ThrowIfTooLarge(image, _maximumBytes - length);
        byte[] bytes = GC.AllocateUninitializedArray<byte>((int)Math.Min(Math.Max(length + 1, BufferBytes), Array.MaxLength));
        int count = 0;
        for (int read; (read = await ReadAsync(image, stream, bytes.AsMemory(count), cancellationToken).ConfigureAwait(false)) > 0;)
        {
            count += read;
            ThrowIfTooLarge(image, _maximumBytes - count);
            if (count == bytes.Length)
            {
                Array.Resize(ref bytes, (int)Math.Min(2L * count, Array.MaxLength));
            }
        }

        return bytes.AsMemory(0, count);
    }

    private static async ValueTask<int> ReadAsync(Uri image, Stream stream, Memory<byte> into, CancellationToken cancellationToken)
    {
        try
        {
            return await stream.ReadAsync(into, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or HttpRequestException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new ImageFetchException(ImageNames.Of(image), DeadCause.Unreachable, $"reading it ended early ({e.Message.TrimEnd('.')}).", e);
        }
    }

    private void ThrowIfTooLarge(Uri image, long left)
    {
        if (left < 0)
        {
            throw new ImageFetchException(ImageNames.Of(image), DeadCause.Unreadable, $"it has more than {_maximumBytes} bytes, the limit of this worker.");
        }
    }
}
