using MfpClip.Backbones;
using MfpClip.Backbones.Dino;
using MfpClip.Detection;
using MfpClip.Imaging;
using MfpClip.Pipeline;

namespace MfpClip.Methods.AnomalyDino;

/// <summary>AnomalyDINO: patches against those of a few normal images, each turned (arXiv 2405.14529). Made for a DINOv2.</summary>
internal sealed class AnomalyDinoMethod(AnomalyDinoOptions options) : IDetectionMethod
{
    public static MethodDescription About { get; } = new("anomaly-dino", "AnomalyDINO", "arXiv 2405.14529")
    {
        Summary = "patches of a DINOv2 against those of a few normal images; nothing is trained", RunsPipeline = false, NeedsText = false,
        NeedsReferences = true, ComparesBatch = true,
    };

    public MethodDescription Description => About;

    public object Options => options;

    public IEnumerable<string> Faults() => options.Faults();

    /// <remarks>The authors load torch.hub's models.</remarks>
    public DinoBackboneOptions ConfigureBackbone(DinoBackboneOptions given, int? imageSize) => given with { Code = given.Code ?? DinoCode.FacebookResearch };

    public int? DefaultImageSize(IVisionBackbone? backbone) => options.ShorterSide;

    /// <remarks>A tower that takes square images only, as the default model's, sees the whole image squeezed.</remarks>
    public IImagePreprocessor? DefaultPreprocessor(IVisionBackbone? backbone, int imageSize) =>
        backbone is null or { Vision.NeedsSquareImages: true } || imageSize < backbone.Vision.PatchSize ? null
            : new ShorterEdgeResize(imageSize, backbone.Vision.PatchSize);

    public IDetectionPass CreatePass(MethodContext context) => new AnomalyDinoPass(options, context);
}
