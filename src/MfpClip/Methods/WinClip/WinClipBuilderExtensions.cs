using MfpClip.Methods.WinClip;

namespace MfpClip;

/// <summary>WinCLIP on a builder.</summary>
public static class WinClipBuilderExtensions
{
    /// <summary>
    /// Makes this WinCLIP, or WinCLIP+ where the options name reference images. It runs a forward pass of its own: modules set for the
    /// pipeline are not used.
    /// </summary>
    /// <param name="builder">The builder.</param>
    /// <param name="options">Settings; <see langword="null"/>: the paper's.</param>
    public static ZeroShotDetectorBuilder UseWinClip(this ZeroShotDetectorBuilder builder, WinClipOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.UseMethod(new WinClipMethod(options ?? new()));
    }
}
