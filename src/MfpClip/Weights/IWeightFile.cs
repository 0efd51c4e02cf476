namespace MfpClip.Weights;

/// <summary>A file of named tensors, opened for reading. Tensor data is read on demand; no code in the file is ever run.</summary>
public interface IWeightFile : IDisposable
{
    /// <summary>The file.</summary>
    string Path { get; }

    /// <summary>What the file turned out to be.</summary>
    WeightFormat Format { get; }

    /// <summary>All tensors by name.</summary>
    IReadOnlyDictionary<string, WeightTensorInfo> Tensors { get; }

    /// <summary>Text metadata (safetensors only; otherwise empty).</summary>
    IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Reads one tensor into new native memory on the CPU, in the file's precision and shape.</summary>
    /// <exception cref="WeightsException">The name is unknown or the data is truncated.</exception>
    Tensor Read(string name);

    /// <summary>SHA-256 of the whole file, lower-case hexadecimal; computed once.</summary>
    string ComputeSha256();
}

/// <summary>Kinds of weight files.</summary>
public enum WeightFormat
{
    /// <summary>safetensors.</summary>
    Safetensors,

    /// <summary>torch.save, zip form.</summary>
    TorchZip,

    /// <summary>torch.save, the old form without zip.</summary>
    TorchLegacy,

    /// <summary>TorchScript archive; only its tensors are read.</summary>
    TorchScript,
}

/// <summary>Type and shape of a stored tensor.</summary>
/// <param name="Name">Name in the file.</param>
/// <param name="Type">Dtype in the file.</param>
/// <param name="Shape">Sizes; empty for a scalar.</param>
public sealed record WeightTensorInfo(string Name, ScalarType Type, IReadOnlyList<long> Shape)
{
    /// <summary>Number of values.</summary>
    public long Count => Shape.Aggregate(1L, (a, b) => a * b);
}
