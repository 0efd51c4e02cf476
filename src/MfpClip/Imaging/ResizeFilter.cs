namespace MfpClip.Imaging;

/// <summary>How an image's pixels are weighted when it is resized, as Pillow names it; both widen when shrinking (antialias).</summary>
public enum ResizeFilter
{
    /// <summary>Keys' cubic kernel with a = -0.5.</summary>
    Bicubic,

    /// <summary>A triangle.</summary>
    Bilinear,
}
