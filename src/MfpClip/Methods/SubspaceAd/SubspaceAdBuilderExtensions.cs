using MfpClip.Methods.SubspaceAd;

namespace MfpClip;

/// <summary>SubspaceAD on a builder.</summary>
public static class SubspaceAdBuilderExtensions
{
    /// <summary>
    /// Makes this SubspaceAD. It judges by normal images alone: give some with <see cref="ZeroShotDetectorBuilder.WithReferences"/>.
    /// </summary>
    /// <param name="builder">The builder.</param>
    /// <param name="options">Settings; <see langword="null"/>: the paper's.</param>
    public static ZeroShotDetectorBuilder UseSubspaceAd(this ZeroShotDetectorBuilder builder, SubspaceAdOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.UseMethod(new SubspaceAdMethod(options ?? new()));
    }
}
