using MfpClip.Tensors;

namespace MfpClip.Weights;

/// <summary>Tensors in memory that are read as if they lay in a file: random weights, and weights in training.</summary>
internal sealed class TensorWeightFile : IWeightFile
{
    private readonly Dictionary<string, Tensor> _values;

    /// <param name="name">What stands in descriptions instead of a path.</param>
    /// <param name="values">Tensors by name; they are copied.</param>
    /// <param name="metadata">Text metadata.</param>
    public TensorWeightFile(string name, IEnumerable<KeyValuePair<string, Tensor>> values, IReadOnlyDictionary<string, string>? metadata = null)
    {
        (Path, Metadata) = (name, metadata ?? new Dictionary<string, string>());
        _values = values.ToDictionary(v => v.Key, v => v.Value.detach().cpu().clone().DetachFromDisposeScope(), StringComparer.Ordinal);
        Tensors = _values.ToDictionary(v => v.Key, v => new WeightTensorInfo(v.Key, v.Value.dtype, v.Value.shape), StringComparer.Ordinal);
    }

    public string Path { get; }

    public WeightFormat Format => WeightFormat.Safetensors;

    public IReadOnlyDictionary<string, WeightTensorInfo> Tensors { get; }

    public IReadOnlyDictionary<string, string> Metadata { get; }

    public Tensor Read(string name) =>
        _values.TryGetValue(name, out var value) ? value.clone() : throw new WeightsException(Path, $"there is no tensor '{name}' in it.");

    public string ComputeSha256() => TensorHash.Of(_values.OrderBy(t => t.Key, StringComparer.Ordinal));

    public void Dispose()
    {
        foreach (var tensor in _values.Values)
        {
            tensor.Dispose();
        }
    }
}
