namespace MfpClip.Execution;

/// <summary>
/// Stores in memory what was computed of the last batch, so that detectors which are tested together on the same images share frozen
/// features, passes and distances.
/// </summary>
/// <remarks>One batch of each shape is stored; another of that shape takes its place. Safe for concurrent callers, one at a time.</remarks>
public sealed class LastBatchFeatures : IFeatureStore, IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Shape, int Count), Batch> _batches = [];
    private bool _disposed;

    /// <inheritdoc/>
    public IReadOnlyList<Tensor> Get(FeatureKey key, FeatureInput input, Func<IReadOnlyList<Tensor>> compute)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(compute);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (Of(input).Known.TryGetValue(key, out var found))
            {
                return [.. found.Select(t => t.clone())];
            }
        }

        var made = compute(); // it may ask for other features
        lock (_gate)
        {
            var known = _disposed ? null : Of(input).Known;
            if (known is not null && !known.ContainsKey(key))
            {
                known.Add(key, [.. made.Select(t => t.detach().clone().DetachFromDisposeScope())]);
            }
        }

        return made;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            foreach (var batch in _batches.Values)
            {
                batch.Dispose();
            }

            _batches.Clear();
        }
    }

    private Batch Of(FeatureInput input)
    {
        var slot = (input.Shape, input.Contents.Count);
        if (_batches.TryGetValue(slot, out var batch))
        {
            if (batch.Contents.SequenceEqual(input.Contents))
            {
                return batch;
            }

            batch.Dispose();
        }

        return _batches[slot] = new(input.Contents);
    }

    private sealed record Batch(IReadOnlyList<string> Contents) : IDisposable
    {
        public Dictionary<FeatureKey, IReadOnlyList<Tensor>> Known { get; } = [];

        public void Dispose()
        {
            foreach (var tensor in Known.Values.SelectMany(v => v))
            {
                tensor.Dispose();
            }
        }
    }
}
