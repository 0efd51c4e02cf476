using MfpClip.Backbones;
using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Modules;
using MfpClip.Pipeline;

namespace MfpClip.References;

/// <summary>Convolutional maps of a pass's vision tower, for comparing images with images.</summary>
internal static class StemFeatures
{
    /// <summary>Standardised maps, <c>[B, C, h, w]</c> each, in the caller's scope; <see langword="null"/> where the tower has no frozen stem.</summary>
    public static IReadOnlyList<Tensor>? Compared(IDetectionPass pass, ImageBatch images, ForwardContext context)
    {
        if (pass.GetService<IClipBackbone>() is not { } backbone || backbone.Vision.GetService<IFrozenStem>() is not { } stem)
        {
            return null;
        }

        using var image = new ImageContext(backbone, null, images, new([backbone.Vision.Layers]), context);
        return stem.Standardize(image.StemMaps!);
    }
}
