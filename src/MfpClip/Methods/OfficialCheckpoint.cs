using MfpClip.Methods.AdaClip;
using MfpClip.Methods.AnomalyClip;
using MfpClip.Methods.AprilGan;
using MfpClip.Pipeline;
using MfpClip.Weights;

namespace MfpClip.Methods;

/// <summary>A checkpoint as a method's authors publish it, told by the tensors in it, whatever the file is called.</summary>
internal abstract class OfficialCheckpoint
{
    /// <summary>Whose it is, for messages.</summary>
    public abstract string Method { get; }

    /// <summary>Every layout this library knows.</summary>
    public static IReadOnlyList<OfficialCheckpoint> Known { get; } = [new AprilGan.AprilGanCheckpoint(), new AnomalyClipCheckpoint(), new AdaClip.AdaClipCheckpoint()];

    /// <summary>The layout of a file; <see langword="null"/> where it is none of a published method.</summary>
    public static OfficialCheckpoint? Find(IWeightFile file) => Known.FirstOrDefault(k => k.Matches(file.Tensors));

    /// <summary>Copies the file into the modules: strict, all or nothing.</summary>
    /// <exception cref="WeightsMismatchException">Tensors are missing, unexpected or of another shape.</exception>
    /// <exception cref="WeightsException">Values are not finite, or the file belongs to another CLIP model.</exception>
    public void Load(IWeightFile file, PipelineParts parts)
    {
        Check(file, parts);
        ModuleCheckpoint.Load(parts.Checkpointed, new RenamedWeights(file, Rename));
    }

    /// <summary>Whether these tensors are this method's.</summary>
    protected abstract bool Matches(IReadOnlyDictionary<string, WeightTensorInfo> tensors);

    /// <summary>A tensor's full name in this library's checkpoints, for example <c>mpfa.linear1.weight</c>; <see langword="null"/>: it is not needed.</summary>
    protected abstract string? Rename(string name);

    /// <summary>Checks what is not copied, for example embeddings that must be those of the backbone.</summary>
    protected virtual void Check(IWeightFile file, PipelineParts parts)
    {
    }

    private sealed class RenamedWeights : IWeightFile
    {
        private readonly IWeightFile _file;
        private readonly Dictionary<string, string> _original = new(StringComparer.Ordinal);

        public RenamedWeights(IWeightFile file, Func<string, string?> rename)
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
}
