namespace MfpClip.Backbones;

/// <summary>How a vision transformer's position table is resized when the input has another grid than the training images.</summary>
public enum PositionInterpolation
{
    /// <summary>Bicubic with antialias, as open_clip's <c>resize_pos_embed</c> and DINOv2's models with registers.</summary>
    BicubicAntialias,

    /// <summary>Bilinear without antialias, as AnomalyCLIP.</summary>
    Bilinear,

    /// <summary>Bicubic without antialias, as AdaCLIP and Hugging Face's port of DINOv2 without registers.</summary>
    Bicubic,

    /// <summary>
    /// Bicubic without antialias, with cells of <c>g / (n + 0.1)</c> for a trained side g and a new side n, as DINOv2's own models without registers. The 0.1
    /// shifts every size but the trained one: tokens differ from <see cref="Bicubic"/> of the same weights.
    /// </summary>
    BicubicOffset,
}
