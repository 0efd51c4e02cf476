using MfpClip.Backbones.Clip;
using MfpClip.Backbones.Clip.Loading;
using MfpClip.Backbones.Hybrid;
using MfpClip.Native;
using MfpClip.Weights;

namespace MfpClip.Backbones;

/// <summary>Loads a backbone of whichever kind a file turns out to hold.</summary>
internal static class BackboneFile
{
    /// <exception cref="WeightsException">The file is damaged or of no known kind.</exception>
    public static IClipBackbone Load(string path, ClipBackboneOptions options)
    {
        string file = ClipFiles.FindWeights(path);
        using (var weights = WeightFile.Open(file))
        {
            if (HybridBackbone.IsIn(weights))
            {
                return HybridBackbone.Load(weights, DeviceSelection.Resolve(options.Device, options.Precision), options.Precision);
            }
        }

        return ClipBackbone.Load(path, options);
    }

    /// <summary>Loads from an opened file, with nothing beside it.</summary>
    /// <exception cref="WeightsException">The file is damaged or of no known kind.</exception>
    public static IClipBackbone Load(IWeightFile file, ClipBackboneOptions options, Device device) =>
        HybridBackbone.IsIn(file) ? HybridBackbone.Load(file, device, options.Precision) : ClipBackbone.Load(file, null, options, device);
}
