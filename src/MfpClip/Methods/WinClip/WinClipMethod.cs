using MfpClip.Backbones;
using MfpClip.Backbones.Clip;
using MfpClip.Detection;
using MfpClip.Execution;
using MfpClip.Pipeline;

namespace MfpClip.Methods.WinClip;

/// <summary>WinCLIP, and WinCLIP+ where its options name reference images: a forward pass of its own (arXiv 2303.14814).</summary>
internal sealed class WinClipMethod(WinClipOptions options) : IDetectionMethod
{
    public static MethodDescription About { get; } = new("winclip", "WinCLIP", "arXiv 2303.14814")
    {
        Summary = "windows of the image against an ensemble of sentences; nothing is trained", RunsPipeline = false,
    };

    public MethodDescription Description => About;

    public object Options => options;

    public IEnumerable<string> Faults() => options.Faults();

    // Where the position table needs no interpolation: 240 pixels with ViT-B/16+, the paper's backbone.
    public int? DefaultImageSize(IVisionBackbone? backbone) => backbone?.GetService<ClipBackbone>() is { Config.Vision: { } vision } ? vision.ImageSize
        : backbone is null ? null
        : Math.Max((int)Math.Round(240.0 / backbone.Vision.PatchSize), 1) * backbone.Vision.PatchSize;

    public IDetectionPass CreatePass(MethodContext context) => new WinClipPass(options, context);
}
