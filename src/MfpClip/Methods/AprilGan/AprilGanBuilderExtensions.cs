using MfpClip.Methods.AprilGan;

namespace MfpClip;

/// <summary>APRIL-GAN on a builder.</summary>
public static class AprilGanBuilderExtensions
{
    /// <summary>
    /// Makes this APRIL-GAN (arXiv 2305.17382): sets templates, layers, modules, map and score to those of its authors' code. Parts set afterwards
    /// win. Its published linear layers, or those that this library trained, go to <see cref="ZeroShotDetectorBuilder.WithModuleWeights"/>.
    /// </summary>
    /// <param name="builder">The builder.</param>
    /// <param name="options">Settings; <see langword="null"/>: the authors'.</param>
    public static ZeroShotDetectorBuilder UseAprilGan(this ZeroShotDetectorBuilder builder, AprilGanOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.UseMethod(new AprilGanMethod(options ?? new()));
    }
}
