using MfpClip.Backbones;
using MfpClip.Backbones.Dino;
using MfpClip.Detection;
using MfpClip.Imaging;
using MfpClip.Pipeline;

namespace MfpClip.Methods.SubspaceAd;

/// <summary>SubspaceAD: what the principal components of normal patches leave of others (CLendering/SubspaceAD). Made for a DINOv2 with registers.</summary>
internal sealed class SubspaceAdMethod(SubspaceAdOptions options) : IDetectionMethod
{
    public static MethodDescription About { get; } = new("subspace-ad", "SubspaceAD", "github.com/CLendering/SubspaceAD")
    {
        Summary = "patches of a DINOv2 against the subspace of normal ones; nothing is trained", RunsPipeline = false, NeedsText = false,
        NeedsReferences = true, ComparesBatch = true,
        NeedsWholePatches = false,
    };

    public MethodDescription Description => About;

    public object Options => options;

    public IEnumerable<string> Faults() => options.Faults();

    /// <remarks>The authors run Hugging Face's port.</remarks>
    public DinoBackboneOptions ConfigureBackbone(DinoBackboneOptions given, int? imageSize) => given with { Code = given.Code ?? DinoCode.HuggingFace };

    public int? DefaultImageSize(IVisionBackbone? backbone) => options.ImageSize;

    public IImagePreprocessor? DefaultPreprocessor(IVisionBackbone? backbone, int imageSize) => options.CenterCrop >= 1 ? null
        : new ResizeAndCenterCrop(imageSize) { Edge = (int)(imageSize / options.CenterCrop), KeepsAspectRatio = false };

    public IDetectionPass CreatePass(MethodContext context) => new SubspaceAdPass(options, context);
}
