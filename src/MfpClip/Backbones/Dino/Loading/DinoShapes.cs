namespace MfpClip.Backbones.Dino.Loading;

/// <summary>Every tensor of a DINOv2 model with its shape, under the names of <see cref="DinoTensorNames"/>; layer scales apart.</summary>
internal static class DinoShapes
{
    public static IEnumerable<(string Name, long[] Shape)> Of(DinoConfig config)
    {
        long width = config.Width, hidden = config.HiddenWidth, side = config.ImageSize / config.PatchSize;
        yield return ("class_token", [width]);
        yield return ("positions", [1 + (side * side), width]);
        if (config.Registers > 0)
        {
            yield return ("registers", [config.Registers, width]);
        }

        yield return ("patch.weight", [width, 3, config.PatchSize, config.PatchSize]);
        yield return ("patch.bias", [width]);
        yield return ("norm.weight", [width]);
        yield return ("norm.bias", [width]);
        for (int i = 0; i < config.Layers; i++)
        {
            string p = FormattableString.Invariant($"blocks.{i}");
            yield return ($"{p}.ln_1.weight", [width]);
            yield return ($"{p}.ln_1.bias", [width]);
            yield return ($"{p}.attn.in_proj_weight", [3 * width, width]);
            yield return ($"{p}.attn.in_proj_bias", [3 * width]);
            yield return ($"{p}.attn.out_proj.weight", [width, width]);
            yield return ($"{p}.attn.out_proj.bias", [width]);
            yield return ($"{p}.ln_2.weight", [width]);
            yield return ($"{p}.ln_2.bias", [width]);
            yield return ($"{p}.mlp.c_fc.weight", [config.SwiGlu ? 2 * hidden : hidden, width]);
            yield return ($"{p}.mlp.c_fc.bias", [config.SwiGlu ? 2 * hidden : hidden]);
            yield return ($"{p}.mlp.c_proj.weight", [width, hidden]);
            yield return ($"{p}.mlp.c_proj.bias", [width]);
        }
    }

    /// <summary>The layer scale that a tensor is multiplied by, row by row, so that a block needs none; <see langword="null"/>: none.</summary>
    public static string? ScaleOf(string name)
    {
        int at = name.IndexOf(".attn.out_proj.", StringComparison.Ordinal);
        return at > 0 ? $"{name[..at]}.scale_1" : (at = name.IndexOf(".mlp.c_proj.", StringComparison.Ordinal)) > 0 ? $"{name[..at]}.scale_2" : null;
    }
}
