using MfpClip.Methods.AnomalyDino;

namespace MfpClip;

/// <summary>AnomalyDINO on a builder.</summary>
public static class AnomalyDinoBuilderExtensions
{
    /// <summary>
    /// Makes this AnomalyDINO. It judges by normal images alone: give some with <see cref="ZeroShotDetectorBuilder.WithReferences"/>. Its backbone is a DINOv2
    /// (<c>UseBackbone("dinov2_vits14_pretrain.pth")</c>); a CLIP model's vision tower serves too.
    /// </summary>
    /// <param name="builder">The builder.</param>
    /// <param name="options">Settings; <see langword="null"/>: the paper's.</param>
    public static ZeroShotDetectorBuilder UseAnomalyDino(this ZeroShotDetectorBuilder builder, AnomalyDinoOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.UseMethod(new AnomalyDinoMethod(options ?? new()));
    }
}
