using MfpClip.Weights;

namespace MfpClip.Pipeline;

/// <summary>A weight file under other names; tensors without one are ignored. Does not own the file.</summary>
internal sealed class RenamedWeightFile : IWeightFile
{
    private readonly IWeightFile _file;
    private readonly Dictionary<string, string> _original = new(StringComparer.Ordinal);

    public RenamedWeightFile(IWeightFile file, Func<string, string?> rename)
    {
        _file = file;
        foreach (string name in file.Tensors.Keys)
        {
            if (rename(name) is { } renamed)
            {
                _original.Add(renamed, name);
            }
        }

        Tensors = _original.ToDictionary(o => o.Key, o => file.Tensors[o.Value] with { Name = o.Key }, StringComparer.Ordinal);
    }

    public string Path => _file.Path;

    public WeightFormat Format => _file.Format;

    public IReadOnlyDictionary<string, WeightTensorInfo> Tensors { get; }

    public IReadOnlyDictionary<string, string> Metadata => _file.Metadata;

    public Tensor Read(string name) => _file.Read(_original[name]);

    public string ComputeSha256() => _file.ComputeSha256();

    public void Dispose()
    {
        // The file belongs to whoever opened it.
    }
}
