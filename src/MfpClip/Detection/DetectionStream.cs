using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using MfpClip.Detection;
using MfpClip.Diagnostics;

namespace MfpClip;

/// <content>Detection on a stream: images are decoded ahead while batches run.</content>
public sealed partial class ZeroShotDetector
{
    private static readonly TimeSpan StuckSource = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public async IAsyncEnumerable<AnomalyResult> DetectAsync(
        IAsyncEnumerable<ImageInput> images, DetectionOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var outcome in DetectEachAsync(images, options, cancellationToken).ConfigureAwait(false))
        {
            yield return outcome.GetResult(); // the images before one that fails are still detected
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<DetectionOutcome> DetectEachAsync(
        IAsyncEnumerable<ImageInput> images, DetectionOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        options = Checked(options);
        if (_settings.Tiling is not null)
        {
            await foreach (var outcome in RunTilesAsync(images, options, cancellationToken).ConfigureAwait(false))
            {
                yield return outcome;
            }

            yield break;
        }

        // Around the whole stream, for images are decoded before their batch begins.
        using var span = DetectionSpan.Start("detect_stream", null, Labels);
        var parent = span?.Context ?? Activity.Current?.Context ?? default;
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var channel = Channel.CreateBounded<Task<Attempt>>(new BoundedChannelOptions(2 * _settings.BatchSize)
        {
            SingleReader = true, SingleWriter = true,
        });
        var decoding = Task.Run(() => DecodeAheadAsync(images, options, parent, channel.Writer, ending.Token), CancellationToken.None);
        try
        {
            while (await channel.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
            {
                // Unreadable images take no place in the batch; the second bound ends it among many of them.
                var batch = new List<Attempt>(_settings.BatchSize);
                for (int ready = 0; ready < _settings.BatchSize && batch.Count < 2 * _settings.BatchSize && channel.Reader.TryRead(out var next);)
                {
                    batch.Add(await next.ConfigureAwait(false));
                    ready += batch[^1].Image is null ? 0 : 1;
                }

                foreach (var outcome in batch.Count == 0 ? [] : await Task.Run(() => RunEach(batch, options, cancellationToken, parent), cancellationToken)
                    .ConfigureAwait(false))
                {
                    yield return outcome;
                }
            }

            await decoding.ConfigureAwait(false);
        }
        finally
        {
            // A consumer that stops early stops the decoding too. A source that does not listen is not waited for.
            await ending.CancelAsync().ConfigureAwait(false);
            await Task.WhenAny(decoding, Task.Delay(StuckSource, CancellationToken.None)).ConfigureAwait(false);
        }
    }

    // Several images at a time where there are cores for it: half of them, the forward pass needs some.
    private async Task DecodeAheadAsync(
        IAsyncEnumerable<ImageInput> images, DetectionOptions options, ActivityContext parent, ChannelWriter<Task<Attempt>> writer,
        CancellationToken cancellationToken)
    {
        var free = new SemaphoreSlim(Math.Max(1, ThreadLimit.Count / 2));
        try
        {
            await foreach (var image in images.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                await free.WaitAsync(cancellationToken).ConfigureAwait(false);
                var decoding = Task.Run(
                    () =>
                    {
                        try
                        {
                            return Try(image, options, cancellationToken, parent);
                        }
                        finally
                        {
                            free.Release();
                        }
                    },
                    CancellationToken.None);
                await writer.WriteAsync(decoding, cancellationToken).ConfigureAwait(false);
            }

            writer.Complete();
        }
        catch (Exception e)
        {
            // Images already on their way are still detected; then the reader sees the error.
            writer.Complete(e);
        }
    }
}
