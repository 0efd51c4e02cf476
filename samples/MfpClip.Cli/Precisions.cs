using static TorchSharp.torch;

namespace MfpClip.Cli;

/// <summary>Precisions by the names that people type.</summary>
internal static class Precisions
{
    /// <summary>float32, bfloat16 or float16, or short for them.</summary>
    /// <exception cref="DetectorConfigurationException">The name is unknown.</exception>
    public static ScalarType Parse(string name) => name.Trim().ToLowerInvariant() switch
    {
        "float32" or "fp32" => ScalarType.Float32,
        "bfloat16" or "bf16" => ScalarType.BFloat16,
        "float16" or "fp16" => ScalarType.Float16,
        _ => throw new DetectorConfigurationException([$"The precision '{name}' is unknown; choose float32, bfloat16 or float16."]),
    };
}
