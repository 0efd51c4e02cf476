using System.Diagnostics;
using MfpClip.Detection;
using MfpClip.Diagnostics;
using MfpClip.Parallelism;

namespace MfpClip;

/// <content>A result or an error for each image: one that fails does not end the others.</content>
public sealed partial class ZeroShotDetector
{
    /// <inheritdoc/>
    public IReadOnlyList<DetectionOutcome> DetectEach(
        IReadOnlyList<ImageInput> images, DetectionOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        options = Checked(options);
        if (_settings.Tiling is not null)
        {
            return RunTiles(images, options, cancellationToken);
        }

        using var span = DetectionSpan.Start("detect_each", images.Count, Labels);
        var parent = span?.Context ?? default;
        var outcomes = new List<DetectionOutcome>(images.Count);
        foreach (var chunk in images.Chunk(_settings.BatchSize))
        {
            var attempts = ParallelLoop.Run(chunk.Length, i => Try(chunk[i], options, cancellationToken, parent));
            outcomes.AddRange(RunEach(attempts, options, cancellationToken, parent));
        }

        return outcomes;
    }

    private Attempt Try(ImageInput image, DetectionOptions options, CancellationToken cancellationToken, ActivityContext parent)
    {
        try
        {
            return new(image.Name, Prepare(image, options, cancellationToken, parent), null);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            return new(image?.Name ?? "null", null, e); // also what a decoder of the user throws
        }
    }

    private List<DetectionOutcome> RunEach(
        IReadOnlyList<Attempt> attempts, DetectionOptions options, CancellationToken cancellationToken, ActivityContext parent)
    {
        var ready = attempts.Where(a => a.Image is not null).Select(a => a.Image!).ToList();
        var results = new Queue<DetectionOutcome>(ready.Count == 0 ? [] : RunEach(ready, options, cancellationToken, parent));
        return [.. attempts.Select(a => a.Image is null ? Failed(a.Name, a.Error!) : results.Dequeue())];
    }

    // Where a batch fails, each of its images is run alone: only those that fail alone have failed.
    private IEnumerable<DetectionOutcome> RunEach(
        IReadOnlyList<PreparedImage> batch, DetectionOptions options, CancellationToken cancellationToken, ActivityContext parent)
    {
        try
        {
            return Run(batch, options, cancellationToken, parent).Select(r => new DetectionOutcome { ImageName = r.ImageName, Result = r });
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && e is not (ObjectDisposedException or DetectionOptionsException))
        {
            return batch.Count == 1 ? [Failed(batch[0].Name, e)] : [.. batch.SelectMany(image => RunEach([image], options, cancellationToken, parent))];
        }
    }

    private static DetectionOutcome Failed(string name, Exception error) => new() { ImageName = name, Error = error };

    /// <summary>A prepared image, or why it could not be prepared.</summary>
    private readonly record struct Attempt(string Name, PreparedImage? Image, Exception? Error);
}
