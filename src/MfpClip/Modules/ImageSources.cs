using MfpClip.Backbones.Cnn;

namespace MfpClip.Modules;

/// <summary>What a module reads of an image through <see cref="ImageContext"/>; the detector checks that it is there.</summary>
[Flags]
public enum ImageSources
{
    /// <summary>Nothing: what the module makes depends on the class name only, and is made once for each.</summary>
    None = 0,

    /// <summary>Features of the CNN: <see cref="ImageContext.Cnn"/>.</summary>
    CnnFeatures = 1,

    /// <summary>The image embedding of CLIP as it is, without any prompt: <see cref="ImageContext.ClipEmbedding"/>.</summary>
    ClipEmbedding = 2,

    /// <summary>The tokens of the same pass after the last block: <see cref="ImageContext.ClipTokens"/>.</summary>
    ClipTokens = 4,
}
