using MfpClip.Backbones;
using MfpClip.Backbones.Cnn;

namespace MfpClip.Modules;

/// <summary>What frozen networks have computed of a batch before, for <see cref="ImageContext.FromFeatures"/>. The tensors stay the giver's own.</summary>
public sealed record ImageFeatures
{
    /// <summary>Maps of the vision tower's frozen stem, float32 <c>[B, C, h, w]</c> each, as <see cref="Backbones.IFrozenStem.Extract"/> gives them.</summary>
    public IReadOnlyList<Tensor>? StemMaps { get; init; }

    /// <summary>Features of the CNN.</summary>
    public CnnFeatures? Cnn { get; init; }
}
