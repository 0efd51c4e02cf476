using MfpClip.Backbones.Clip;
using MfpClip.Backbones.Clip.Loading;
using MfpClip.Backbones.Dino;
using MfpClip.Backbones.Hybrid;
using MfpClip.Native;
using MfpClip.Weights;

namespace MfpClip.Backbones;

/// <summary>Loads a backbone of whichever kind a file turns out to hold.</summary>
internal static class BackboneFile
{
    /// <param name="path">Weight file, or a folder that holds one.</param>
    /// <param name="clip">How a CLIP model is loaded; device and precision count for every kind.</param>
    /// <param name="dino">How a DINOv2 model is loaded.</param>
    /// <exception cref="WeightsException">The file is damaged or of no known kind.</exception>
    public static IVisionBackbone Load(string path, ClipBackboneOptions clip, DinoBackboneOptions dino)
    {
        string file = ClipFiles.FindWeights(path);
        return DamagedContent.Guard(file, () => Load(path, file, clip, dino));
    }

    private static IVisionBackbone Load(string path, string file, ClipBackboneOptions clip, DinoBackboneOptions dino)
    {
        using (var weights = WeightFile.Open(file))
        {
            if (HybridBackbone.IsIn(weights))
            {
                return HybridBackbone.Load(weights, DeviceSelection.Resolve(clip.Device, clip.Precision), clip.Precision);
            }

            if (DinoBackbone.IsIn(weights))
            {
                return clip.Config is null && clip.Activation is null ? DinoBackbone.Load(weights, dino) : throw new WeightsException(
                    file, "it is a DINOv2 model, but sizes or an activation were given as for a CLIP model; leave them out: the file tells both.");
            }

            if (Cnn.ResNetLayout.IsIn(weights))
            {
                throw new WeightsException(
                    file, "it is a residual network (ResNet), which is no backbone with patch tokens: give it as the CNN (UseCnn) to a method that reads one.");
            }
        }

        return ClipBackbone.Load(path, clip);
    }

    /// <summary>Loads a CLIP model from an opened file, with nothing beside it.</summary>
    /// <exception cref="WeightsException">The file is damaged or of no known kind.</exception>
    public static IClipBackbone Load(IWeightFile file, ClipBackboneOptions options, Device device) =>
        HybridBackbone.IsIn(file) ? HybridBackbone.Load(file, device, options.Precision) : ClipBackbone.Load(file, null, options, device);
}
