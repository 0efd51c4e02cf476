using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using MfpClip.Detection;
using MfpClip.Detection.Tiling;
using MfpClip.Diagnostics;
using MfpClip.Native;

namespace MfpClip;

/// <content>Images in tiles: the tiles of one or several images fill the batches of the forward pass, while the next ones are decoded.</content>
public sealed partial class ZeroShotDetector
{
    // As many images as a batch has places are in work at once, fewer where the source is slow.
    private async IAsyncEnumerable<DetectionOutcome> RunTilesAsync(
        IAsyncEnumerable<ImageInput> images, DetectionOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var source = images.GetAsyncEnumerator(cancellationToken);
        Task<bool>? next = null;
        try
        {
            for (bool more = true; more;)
            {
                var some = new List<ImageInput>();
                Exception? error = null;
                try
                {
                    while (some.Count < _settings.BatchSize)
                    {
                        // A source that does not listen to the cancellation is not waited for.
                        next = source.MoveNextAsync().AsTask();
                        if (!(more = await next.WaitAsync(cancellationToken).ConfigureAwait(false)))
                        {
                            break;
                        }

                        some.Add(source.Current);
                    }
                }
                catch (Exception e) when (!cancellationToken.IsCancellationRequested)
                {
                    (error, more) = (e, false); // told after the images before it
                }

                foreach (var outcome in some.Count == 0 ? [] : await Task.Run(() => RunTiles(some, options, cancellationToken), cancellationToken)
                    .ConfigureAwait(false))
                {
                    yield return outcome;
                }

                if (error is not null)
                {
                    System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(error);
                }
            }
        }
        finally
        {
            if (next is null or { IsCompleted: true })
            {
                await source.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private List<DetectionOutcome> RunTiles(IReadOnlyList<ImageInput> images, DetectionOptions options, CancellationToken cancellationToken)
    {
        using var use = Enter();
        using var span = DetectionSpan.Start("detect_tiles", images.Count, Labels);
        var parent = span?.Context ?? default;
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var steps = new BlockingCollection<TileStep>(2 * _settings.BatchSize);
        var reading = Task.Run(() => ReadTiles(images, options, steps, parent, ending.Token), CancellationToken.None);
        var outcomes = new List<DetectionOutcome>(images.Count);
        try
        {
            var batch = new List<TileStep>();
            foreach (var step in steps.GetConsumingEnumerable(cancellationToken))
            {
                batch.Add(step);
                if (batch.Count(b => b.Prepared is not null) == _settings.BatchSize)
                {
                    outcomes.AddRange(RunSteps(batch, options, parent, cancellationToken));
                    batch.Clear();
                }
            }

            outcomes.AddRange(RunSteps(batch, options, parent, cancellationToken));
            reading.GetAwaiter().GetResult();
            return outcomes;
        }
        catch (Exception e)
        {
            DetectionSpan.Fail(span, e);
            throw;
        }
        finally
        {
            ending.Cancel();
            ((IAsyncResult)reading).AsyncWaitHandle.WaitOne(); // it holds the file and the collection
        }
    }

    // One forward pass, and the results of the images that it completes. Where it fails, each part is run alone.
    private List<DetectionOutcome> RunSteps(
        IReadOnlyList<TileStep> steps, DetectionOptions options, ActivityContext parent, CancellationToken cancellationToken)
    {
        TileStep[] parts = [.. steps.Where(s => s.Prepared is not null && s.Image?.Error is null)];
        var whole = new Dictionary<TileStep, DetectionOutcome>(ReferenceEqualityComparer.Instance);
        try
        {
            Forward(parts);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && e is not (ObjectDisposedException or DetectionOptionsException)
            && parts.Length > 1)
        {
            foreach (var part in parts)
            {
                Forward([part]);
            }
        }

        return [.. steps.Where(s => s.Prepared is null || s.Image is null).Select(s => s.Error is { } error ? Failed(s.Name, error)
            : s.Image is not { } image ? whole[s] : image.Error is { } fault ? Failed(s.Name, fault) : Finish(image))];

        DetectionOutcome Finish(TiledImage image)
        {
            var result = DetectionSpan.Run(
                "postprocess", parent, image.Name, () => image.Read(options, Calibration, _identity.Value.With(options)), Tag);
            MfpClipTelemetry.Record([result], result.Timings.Forward, Labels);
            return new DetectionOutcome { ImageName = result.ImageName, Result = result };
        }

        void Forward(IReadOnlyList<TileStep> some)
        {
            try
            {
                RunParts(some, whole, options, parent, cancellationToken);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested && e is not (ObjectDisposedException or DetectionOptionsException)
                && some.Count == 1)
            {
                if (some[0].Image is { } image)
                {
                    image.Error = e;
                }
                else
                {
                    whole[some[0]] = Failed(some[0].Name, e);
                }
            }
        }
    }

    private void RunParts(
        IReadOnlyList<TileStep> parts, Dictionary<TileStep, DetectionOutcome> whole, DetectionOptions options, ActivityContext parent,
        CancellationToken cancellationToken)
    {
        if (parts.Count == 0)
        {
            return;
        }

        PreparedImage[] batch = [.. parts.Select(p => p.Prepared!)];
        long start = Stopwatch.GetTimestamp();
        var (maps, scores, stages) = DetectionSpan.Run("forward", parent, null,
            () => ScalarFault.Retry(() => Forward(batch, options, cancellationToken), _settings.Logger));
        var forward = Stopwatch.GetElapsedTime(start);
        var tiled = new HashSet<TiledImage>(ReferenceEqualityComparer.Instance);
        for (int i = 0; i < parts.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var part = parts[i];
            if (part.Image is { } image)
            {
                image.Add(part, maps[i], scores[i], _mapReading, forward / parts.Count, stages, parts.Count);
                tiled.Add(image);
                continue;
            }

            var result = DetectionReading.Read(batch[i], maps[i], scores[i], _mapReading, options, Calibration, _identity.Value.With(options), new()
            {
                Decode = batch[i].Decode, Preprocess = batch[i].Prepare, Forward = forward, ForwardStages = stages, BatchSize = parts.Count,
            });
            MfpClipTelemetry.Record([result], forward, Labels);
            whole[part] = new() { ImageName = result.ImageName, Result = result };
        }

        foreach (var image in tiled)
        {
            options.Progress?.Report(image.Progress);
        }
    }
}
