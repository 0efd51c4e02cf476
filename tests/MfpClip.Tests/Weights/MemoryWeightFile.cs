using MfpClip.Weights;

namespace MfpClip.Tests.Weights;

/// <summary>A weight file that lives in memory. Owns its tensors.</summary>
internal sealed class MemoryWeightFile : IWeightFile
{
    private readonly Dictionary<string, Tensor> _values;

    public MemoryWeightFile(IEnumerable<KeyValuePair<string, Tensor>> values)
    {
        _values = values.ToDictionary(v => v.Key, v => v.Value.detach().clone().DetachFromDisposeScope(), StringComparer.Ordinal);
        Tensors = _values.ToDictionary(v => v.Key, v => new WeightTensorInfo(v.Key, v.Value.dtype, v.Value.shape), StringComparer.Ordinal);
    }

    public string Path => "memory";

    public WeightFormat Format => WeightFormat.Safetensors;

    public IReadOnlyDictionary<string, WeightTensorInfo> Tensors { get; }

    public IReadOnlyDictionary<string, string> Metadata { get; } = new Dictionary<string, string>();

    public Tensor Read(string name) => _values[name].clone();

    public string ComputeSha256() => new('0', 64);

    public void Dispose()
    {
        foreach (var tensor in _values.Values)
        {
            tensor.Dispose();
        }
    }
}
