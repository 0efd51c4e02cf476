using MfpClip.Methods.Mfp;

namespace MfpClip;

/// <summary>MFP-CLIP on a builder.</summary>
public static class MfpClipBuilderExtensions
{
    /// <summary>Makes this MFP-CLIP (arXiv 2503.12910 v1), which a new builder is already. What is set afterwards wins.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="options">Settings; <see langword="null"/>: the paper's.</param>
    public static ZeroShotDetectorBuilder UseMfpClip(this ZeroShotDetectorBuilder builder, MfpClipMethodOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.UseMethod(new MfpClipMethod(options ?? new()));
    }
}
