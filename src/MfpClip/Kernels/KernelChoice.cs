namespace MfpClip.Kernels;

/// <summary>How the towers compute their layers where no gradients are requested. With gradients it is always <see cref="Plain"/>.</summary>
public enum KernelChoice
{
    /// <summary>
    /// By a short measurement in this process, for each size and precision. The fastest; two processes may choose differently, and then
    /// differ in rounding (about 1e-6 of a score in float32).
    /// </summary>
    Measured,

    /// <summary>libtorch's plain operators: the same rounding in every process on a machine.</summary>
    Plain,
}

/// <summary>The activation inside the transformer blocks' MLPs.</summary>
public enum MlpActivation
{
    /// <summary><c>x * sigmoid(1.702 x)</c>: OpenAI's weights and those trained with it.</summary>
    QuickGelu,

    /// <summary>Exact (erf) GELU: most open_clip weights, DINOv2.</summary>
    Gelu,

    /// <summary>
    /// <c>silu(a) * b</c> of the two halves a, b of what the first layer gives, which is twice as wide: DINOv2's giant model. No CLIP model has it.
    /// </summary>
    SwiGlu,
}
