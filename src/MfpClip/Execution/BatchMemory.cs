using MfpClip.Pipeline;

namespace MfpClip.Execution;

/// <summary>
/// Remembers what was computed of the last batch, so that detectors which are tested side by side on the same images share frozen features,
/// passes and distances. Changes no value.
/// </summary>
/// <remarks>Switched on for the calling thread, like <c>no_grad</c>. One batch of each shape is remembered; another of that shape takes its place.</remarks>
internal sealed class BatchMemory : IDisposable
{
    [ThreadStatic]
    private static BatchMemory? _current;

    private readonly Dictionary<string, Batch> _batches = new(StringComparer.Ordinal);
    private readonly BatchMemory? _before;

    private BatchMemory() => (_before, _current) = (_current, this);

    /// <summary>Whether anything is remembered on this thread.</summary>
    public static bool IsOn => _current is not null;

    /// <summary>Remembers until the result is disposed.</summary>
    public static BatchMemory Enter() => new();

    /// <summary>What is known of a batch, or is computed now.</summary>
    /// <param name="owner">What computes: an object, or a hash of the weights where several objects hold the same.</param>
    /// <param name="what">What is computed, with every setting that it depends on beside the owner.</param>
    /// <param name="images">The batch, float32.</param>
    /// <param name="compute">A pure function of the batch.</param>
    /// <returns>The caller's own, in its scope.</returns>
    public static IReadOnlyList<Tensor> Get(object owner, string what, Tensor images, Func<IReadOnlyList<Tensor>> compute)
    {
        if (_current is not { } memory)
        {
            return compute();
        }

        if (memory.Of(images).Known.TryGetValue((owner, what), out var found))
        {
            return [.. found.Select(t => t.clone())];
        }

        var made = compute();
        memory.Of(images).Known.TryAdd((owner, what), [.. made.Select(t => t.clone().DetachFromDisposeScope())]);
        return made;
    }

    /// <summary>A pass over a batch.</summary>
    public static (Tensor Map, Tensor Score) Run(IDetectionPass pass, Tensor images, string className, Tensor? region, ForwardContext context)
    {
        if (!IsOn || region is not null || context.Trace is { WantsGrids: true })
        {
            return pass.Run(images, className, region, context);
        }

        var both = Get(pass, className, images, () =>
        {
            var (map, score) = pass.Run(images, className, null, context);
            return [map, score];
        });
        return (both[0], both[1]);
    }

    public void Dispose()
    {
        _current = _before;
        foreach (var batch in _batches.Values)
        {
            batch.Dispose();
        }

        _batches.Clear();
    }

    private Batch Of(Tensor images)
    {
        string shape = string.Join(',', images.shape);
        if (_batches.TryGetValue(shape, out var batch))
        {
            using var same = batch.Images.eq(images);
            using var all = same.all();
            if (all.item<bool>())
            {
                return batch;
            }

            batch.Dispose();
        }

        return _batches[shape] = new(images.detach().clone().DetachFromDisposeScope());
    }

    private sealed record Batch(Tensor Images) : IDisposable
    {
        public Dictionary<(object Owner, string What), IReadOnlyList<Tensor>> Known { get; } = [];

        public void Dispose()
        {
            Images.Dispose();
            foreach (var tensor in Known.Values.SelectMany(v => v))
            {
                tensor.Dispose();
            }
        }
    }
}
