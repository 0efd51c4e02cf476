using MfpClip.Methods.PatchCore;

namespace MfpClip;

/// <summary>PatchCore on a builder.</summary>
public static class PatchCoreBuilderExtensions
{
    /// <summary>
    /// Makes this PatchCore. It judges by normal images alone: give some with <see cref="ZeroShotDetectorBuilder.WithReferences"/>.
    /// </summary>
    /// <param name="builder">The builder.</param>
    /// <param name="options">Settings; <see langword="null"/>: the paper's.</param>
    public static ZeroShotDetectorBuilder UsePatchCore(this ZeroShotDetectorBuilder builder, PatchCoreOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.UseMethod(new PatchCoreMethod(options ?? new()));
    }
}
