using MfpClip.Execution;
using MfpClip.Imaging;

namespace MfpClip.References;

/// <summary>References without the detector that they were taken with: they can be listed and measured, not compared with.</summary>
internal sealed class StoredReferences : IReferenceScheme
{
    public static StoredReferences Scheme { get; } = new();

    public bool NeedsReferences => true;

    public string Id => string.Empty;

    public string Name(string method) => method;

    public ReferenceOptions Resolve(ReferenceOptions? given) => given ?? new();

    public INormalModel Learn(IReadOnlyList<ReferenceEntry> entries, ReferenceOptions options, Device device) => new NeighbourModel(entries, options, device);

    public ReferenceScale Measure(
        IReadOnlyList<ReferenceEntry> entries, IReadOnlyList<float[]> distances, ReferenceOptions options, INormalModel model) =>
        ReferenceScale.Measure(distances, [.. entries.Select(e => e.Map)], [.. entries.Select(e => e.Score)], options.TopCells) with { Noise = model.Noise }
            is var scale && options.Join == ReferenceJoin.Adaptive ? scale.WithAppearance(distances, options.TopCells) : scale;

    public ReferenceEntry Read(string id, string name, RgbImage image, InputSettings input, ReferenceOptions options, ForwardContext context) =>
        throw new NotSupportedException("A file reads no images.");

    public (Tensor Map, Tensor Score) Run(
        MemoryBank bank, ImageBatch images, string className, Tensor? region, ForwardContext context, IReadOnlyList<ReferenceEntry?>? leftOut) =>
        throw new NotSupportedException("A file detects nothing.");
}
