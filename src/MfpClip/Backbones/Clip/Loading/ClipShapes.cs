namespace MfpClip.Backbones.Clip.Loading;

/// <summary>Every tensor of a CLIP model with its shape, under OpenAI's names.</summary>
internal static class ClipShapes
{
    public static IEnumerable<(string Name, long[] Shape)> Of(ClipConfig config)
    {
        var (v, t) = (config.Vision, config.Text);
        long grid = v.ImageSize / v.PatchSize;
        yield return ("visual.class_embedding", [v.Width]);
        yield return ("visual.positional_embedding", [(grid * grid) + 1, v.Width]);
        yield return ("visual.conv1.weight", [v.Width, 3, v.PatchSize, v.PatchSize]);
        yield return ("visual.proj", [v.Width, config.EmbedDim]);
        yield return ("positional_embedding", [t.ContextLength, t.Width]);
        yield return ("token_embedding.weight", [t.VocabSize, t.Width]);
        yield return ("text_projection", [t.Width, config.EmbedDim]);
        yield return ("logit_scale", []);
        foreach (var (norm, width) in new[] { ("visual.ln_pre", v.Width), ("visual.ln_post", v.Width), ("ln_final", t.Width) })
        {
            yield return ($"{norm}.weight", [width]);
            yield return ($"{norm}.bias", [width]);
        }

        foreach (var block in Blocks("visual.transformer", v.Layers, v.Width, v.MlpRatio).Concat(Blocks("transformer", t.Layers, t.Width, t.MlpRatio)))
        {
            yield return block;
        }
    }

    private static IEnumerable<(string Name, long[] Shape)> Blocks(string tower, int layers, long width, double ratio)
    {
        long hidden = (long)Math.Round(width * ratio);
        for (int i = 0; i < layers; i++)
        {
            string p = $"{tower}.resblocks.{i}";
            yield return ($"{p}.ln_1.weight", [width]);
            yield return ($"{p}.ln_1.bias", [width]);
            yield return ($"{p}.attn.in_proj_weight", [3 * width, width]);
            yield return ($"{p}.attn.in_proj_bias", [3 * width]);
            yield return ($"{p}.attn.out_proj.weight", [width, width]);
            yield return ($"{p}.attn.out_proj.bias", [width]);
            yield return ($"{p}.ln_2.weight", [width]);
            yield return ($"{p}.ln_2.bias", [width]);
            yield return ($"{p}.mlp.c_fc.weight", [hidden, width]);
            yield return ($"{p}.mlp.c_fc.bias", [hidden]);
            yield return ($"{p}.mlp.c_proj.weight", [width, hidden]);
            yield return ($"{p}.mlp.c_proj.bias", [width]);
        }
    }
}
