using MfpClip.Methods.AdaClip;

namespace MfpClip;

/// <summary>AdaCLIP on a builder.</summary>
public static class AdaClipBuilderExtensions
{
    /// <summary>
    /// Makes this AdaCLIP (arXiv 2407.15795): sets text prompts, sentences, vision encoder, aggregation, map and score, and switches SP and MP
    /// off. Parts set afterwards take the place of its own.
    /// </summary>
    /// <param name="builder">The builder.</param>
    /// <param name="options">Settings; <see langword="null"/>: the authors'.</param>
    public static ZeroShotDetectorBuilder UseAdaClip(this ZeroShotDetectorBuilder builder, AdaClipOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.UseMethod(new AdaClipMethod(options ?? new()));
    }
}
