namespace MfpClip.Kernels;

/// <summary>The activation inside the transformer blocks' MLPs.</summary>
public enum MlpActivation
{
    /// <summary><c>x * sigmoid(1.702 x)</c>: OpenAI's weights and those trained with it.</summary>
    QuickGelu,

    /// <summary>Exact (erf) GELU: most open_clip weights.</summary>
    Gelu,
}
