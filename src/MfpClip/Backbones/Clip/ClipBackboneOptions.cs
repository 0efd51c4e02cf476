using MfpClip.Kernels;

namespace MfpClip.Backbones.Clip;

/// <summary>How a CLIP model is loaded.</summary>
public sealed record ClipBackboneOptions
{
    /// <summary>Sizes; <see langword="null"/>: read from the configuration beside the weights, else inferred from the tensors.</summary>
    public ClipConfig? Config { get; init; }

    /// <summary>Activation, needed only where neither a configuration nor the file's kind tells it. A contradiction is an error.</summary>
    public MlpActivation? Activation { get; init; }

    /// <summary>Where the weights go, "cpu", "cuda" or "cuda:N".</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>Precision of weights and tokens: float32, bfloat16 or float16.</summary>
    public ScalarType Precision { get; init; } = ScalarType.Float32;

    /// <summary>How the position table is resized.</summary>
    public PositionInterpolation Interpolation { get; init; } = PositionInterpolation.BicubicAntialias;

    /// <summary>How layers are computed where no gradients are requested.</summary>
    /// <value>Default <see cref="KernelChoice.Measured"/>.</value>
    public KernelChoice Kernels { get; init; } = KernelChoice.Measured;

    /// <summary>The activation to run with, whatever the weights were trained with: some published methods were trained on a tower that does so.</summary>
    public Func<ClipConfig, MlpActivation>? ActivationOverride { get; init; }
}
