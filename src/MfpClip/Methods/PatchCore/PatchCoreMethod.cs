using MfpClip.Backbones;
using MfpClip.Detection;
using MfpClip.Files;
using MfpClip.Imaging;
using MfpClip.Pipeline;
using MfpClip.References;

namespace MfpClip.Methods.PatchCore;

/// <summary>PatchCore: patches of a CNN against a coreset of normal ones (arXiv 2106.08265).</summary>
internal sealed class PatchCoreMethod(PatchCoreOptions options) : IDetectionMethod, IStoredReferenceSource
{
    private const int Side = 224, Edge = 256, Samples = 512;

    private readonly Lazy<(PatchCoreOptions Options, int Side)> _effective = new(() => Read(options));

    public static MethodDescription About { get; } = new("patchcore", "PatchCore", "arXiv 2106.08265")
    {
        Summary = "patches of a CNN against a coreset of normal ones; nothing is trained", RunsPipeline = false, NeedsText = false, NeedsReferences = true,
        NeedsBackbone = false, NeedsWholePatches = false, ReadsCnn = true,
    };

    public MethodDescription Description => About;

    public object Options => options;

    public IEnumerable<string> Faults() => options.Faults();

    public int? DefaultImageSize(IVisionBackbone? backbone) => _effective.Value.Side;

    /// <remarks>The shorter side to 256 of 224 pixels, bilinear, then the middle; as the authors' code.</remarks>
    public IImagePreprocessor? DefaultPreprocessor(IVisionBackbone? backbone, int imageSize) =>
        new ResizeAndCenterCrop(imageSize) { Edge = imageSize * Edge / Side, Filter = ResizeFilter.Bilinear };

    public IDetectionPass CreatePass(MethodContext context) => new PatchCorePass(_effective.Value.Options, context);

    /// <inheritdoc/>
    public ReferenceEntry? ReadReferences()
    {
        if (options.ModelFolder is not { } folder)
        {
            return null;
        }

        using var model = PatchCoreFolder.Read(folder, options.ModelPrefix);
        int count = (int)model.Memory.shape[0];
        string id = TextHash.Of(Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(model.Memory.bytes)))[..16];
        // What is usual is measured on a few hundred of a memory that may hold a hundred thousand.
        long[] evenly = [.. Enumerable.Range(0, Math.Min(count, Samples)).Select(i => (long)i * count / Math.Min(count, Samples))];
        using var scope = torch.NewDisposeScope();
        return new(
            id, $"{options.ModelPrefix}nnscorer_search_index.faiss", model.InputWidth, model.InputHeight, 1, count,
            model.Memory.alias().DetachFromDisposeScope(), [.. Enumerable.Range(0, count)], new float[count], 0)
        {
            Others = new Dictionary<string, Tensor>
            {
                [ReferenceEntry.Sample] = model.Memory.index_select(0, torch.tensor(evenly)).DetachFromDisposeScope(),
            },
        };
    }

    private static (PatchCoreOptions Options, int Side) Read(PatchCoreOptions options)
    {
        if (options.ModelFolder is not { } folder)
        {
            return (options, Side);
        }

        using var model = PatchCoreFolder.Read(folder, options.ModelPrefix);
        return model.InputWidth != model.InputHeight
            ? throw new WeightsException(folder, $"its input is {model.InputWidth} x {model.InputHeight}; only square inputs can be run.")
            : (model.Options with { Coreset = PatchCoreset.None }, model.InputWidth);
    }
}
