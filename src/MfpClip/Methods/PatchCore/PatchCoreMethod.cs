using MfpClip.Backbones;
using MfpClip.Detection;
using MfpClip.Imaging;
using MfpClip.Pipeline;

namespace MfpClip.Methods.PatchCore;

/// <summary>PatchCore: patches of a CNN against a coreset of normal ones (arXiv 2106.08265).</summary>
internal sealed class PatchCoreMethod(PatchCoreOptions options) : IDetectionMethod
{
    private const int Edge = 256;

    public static MethodDescription About { get; } = new("patchcore", "PatchCore", "arXiv 2106.08265")
    {
        Summary = "patches of a CNN against a coreset of normal ones; nothing is trained", RunsPipeline = false, NeedsText = false, NeedsReferences = true, NeedsBackbone = false,
        ReadsCnn = true,
    };

    public MethodDescription Description => About;

    public object Options => options;

    public IEnumerable<string> Faults() => options.Faults();

    public int? DefaultImageSize(IVisionBackbone? backbone) => 224;

    /// <remarks>The shorter side to 256 of 224 pixels, bilinear, then the middle; as the authors' code.</remarks>
    public IImagePreprocessor? DefaultPreprocessor(IVisionBackbone? backbone, int imageSize) =>
        new ResizeAndCenterCrop(imageSize) { Edge = imageSize * Edge / 224, Filter = ResizeFilter.Bilinear };

    public IDetectionPass CreatePass(MethodContext context) => new PatchCorePass(options, context);
}
