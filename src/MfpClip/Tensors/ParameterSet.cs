namespace MfpClip.Tensors;

/// <summary>The tensors of a CLIP model by OpenAI's names. Owns them.</summary>
internal sealed class ParameterSet : IDisposable
{
    private readonly Dictionary<string, Tensor> _tensors = new(StringComparer.Ordinal);

    public Tensor this[string name] => _tensors[name];

    /// <summary>Number of values.</summary>
    public long Count => _tensors.Values.Sum(t => t.numel());

    /// <summary>All tensors in the order of their names.</summary>
    public IReadOnlyList<KeyValuePair<string, Tensor>> Ordered => [.. _tensors.OrderBy(t => t.Key, StringComparer.Ordinal)];

    public void Add(string name, Tensor tensor) => _tensors.Add(name, tensor.DetachFromDisposeScope());

    /// <summary>SHA-256 over names and values, for models that no file holds.</summary>
    public string Hash() => TensorHash.Of(Ordered);

    public void Dispose()
    {
        foreach (var tensor in _tensors.Values)
        {
            tensor.Dispose();
        }
    }
}
