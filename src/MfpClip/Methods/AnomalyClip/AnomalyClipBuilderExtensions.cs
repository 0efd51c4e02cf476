using MfpClip.Methods.AnomalyClip;

namespace MfpClip;

/// <summary>AnomalyCLIP on a builder.</summary>
public static class AnomalyClipBuilderExtensions
{
    /// <summary>
    /// Makes this AnomalyCLIP (arXiv 2310.18961): sets text prompts, vision encoder, aggregation, map and score, and switches SP and MP off.
    /// Parts set afterwards take the place of its own.
    /// </summary>
    /// <param name="builder">The builder.</param>
    /// <param name="options">Settings; <see langword="null"/>: the authors'.</param>
    public static ZeroShotDetectorBuilder UseAnomalyClip(this ZeroShotDetectorBuilder builder, AnomalyClipOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.UseMethod(new AnomalyClipMethod(options ?? new()));
    }
}
