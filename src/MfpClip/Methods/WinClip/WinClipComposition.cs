using MfpClip.Backbones;
using MfpClip.Backbones.Clip;
using MfpClip.Detection.Building;
using MfpClip.Execution;
using MfpClip.Pipeline;

namespace MfpClip.Methods.WinClip;

/// <summary>WinCLIP as a preset of the builder.</summary>
internal sealed class WinClipComposition(WinClipOptions options) : IMethodComposition
{
    public string Name => "WinCLIP";

    public IEnumerable<string> Faults() => options.Faults();

    // Where the position table needs no interpolation: 240 pixels with ViT-B/16+, the paper's backbone.
    public int DefaultImageSize(IClipBackbone backbone) =>
        backbone.GetService<ClipBackbone>() is { Config.Vision: { } vision } ? vision.ImageSize : Math.Max((int)Math.Round(240.0 / backbone.Vision.PatchSize), 1) * backbone.Vision.PatchSize;

    public IDetectionPass Create(MethodContext context) => new WinClipPass(options, context);
}
