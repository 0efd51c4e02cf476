using MfpClip.Kernels;

namespace MfpClip.Backbones.Dino;

/// <summary>How a DINOv2 model is loaded.</summary>
public sealed record DinoBackboneOptions
{
    /// <summary>
    /// Attention heads, which no tensor tells. <see langword="null"/>: <c>config.json</c> beside the weights says so, else heads are 64 wide as in every
    /// published model.
    /// </summary>
    public int? Heads { get; init; }

    /// <summary>
    /// How the position table is resized. <see langword="null"/>: as the code that the file's layout belongs to does: with registers
    /// <see cref="PositionInterpolation.BicubicAntialias"/>, else <see cref="PositionInterpolation.BicubicOffset"/> for the authors' files and
    /// <see cref="PositionInterpolation.Bicubic"/> for Hugging Face's.
    /// </summary>
    public PositionInterpolation? Interpolation { get; init; }

    /// <summary>
    /// Whose code decides how the position table is resized where <see cref="Interpolation"/> is open; <see langword="null"/>: the file's layout.
    /// </summary>
    public DinoCode? Code { get; init; }

    /// <summary>Where the weights go, "cpu", "cuda" or "cuda:N".</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>Precision of weights and tokens: float32, bfloat16 or float16.</summary>
    public ScalarType Precision { get; init; } = ScalarType.Float32;

    /// <summary>How layers are computed where no gradients are requested.</summary>
    /// <value>Default <see cref="KernelChoice.Measured"/>.</value>
    public KernelChoice Kernels { get; init; } = KernelChoice.Measured;
}

/// <summary>The published implementations of DINOv2. Without registers their position tables differ at every size but the trained one.</summary>
public enum DinoCode
{
    /// <summary>The authors' (facebookresearch/dinov2), which AnomalyDINO runs.</summary>
    FacebookResearch,

    /// <summary>Hugging Face's port (transformers), which SubspaceAD runs.</summary>
    HuggingFace,
}
