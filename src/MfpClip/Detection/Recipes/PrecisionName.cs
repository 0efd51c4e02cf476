namespace MfpClip.Detection.Recipes;

/// <summary>Precisions by the names that PyTorch gives them.</summary>
internal static class PrecisionName
{
    public static string Of(ScalarType precision) => precision.ToString().ToLowerInvariant();

    /// <summary><see langword="null"/> for an unknown name.</summary>
    public static ScalarType? Parse(string? name) => name?.Trim().ToLowerInvariant() switch
    {
        "float32" or "fp32" => ScalarType.Float32,
        "bfloat16" or "bf16" => ScalarType.BFloat16,
        "float16" or "fp16" => ScalarType.Float16,
        _ => null,
    };
}
