using MfpClip.Backbones.Clip.Loading;
using MfpClip.Tensors;

namespace MfpClip.Backbones.Hybrid;

/// <summary>Every own tensor of a hybrid CLIP with its shape; the frozen network's are separate, under <see cref="Cnn"/>.</summary>
internal static class HybridShapes
{
    /// <summary>What stands before the names of the frozen network's tensors.</summary>
    public const string Cnn = "cnn.";

    /// <summary>Blocks of the frozen network that the tower reads.</summary>
    public const int TowerBlocks = 11;

    public static IEnumerable<(string Name, long[] Shape)> Of(HybridConfig config)
    {
        var v = config.Vision;
        long D = v.Width;
        foreach (var map in v.Maps())
        {
            yield return ($"visual.stats.{map.Name}.mean", [map.Inputs]);
            yield return ($"visual.stats.{map.Name}.std", [map.Inputs]);
            yield return ($"visual.embed.{map.Name}.weight", [D, map.Inputs * ((v.FixedStatistics ? 1 : 0) + (v.WithinImage ? 1 : 0)), 1, 1]);
        }

        if (v.NearestPatches)
        {
            yield return ("visual.embed.near.weight", [D, HybridFeatures.Fractions.Length, 1, 1]);
        }

        yield return ("visual.embed.bias", [D]);
        yield return ("visual.class_embedding", [D]);
        yield return ("visual.positional_embedding", [((long)v.PositionGrid * v.PositionGrid) + 1, D]);
        yield return ("visual.proj", [D, config.EmbedDim]);
        foreach (string norm in new[] { "visual.ln_pre", "visual.ln_post" })
        {
            yield return ($"{norm}.weight", [D]);
            yield return ($"{norm}.bias", [D]);
        }

        long hidden = (long)Math.Round(D * v.MlpRatio);
        for (int i = 0; i < v.Layers; i++)
        {
            string p = $"visual.blocks.{i}";
            foreach (var (name, shape) in new (string, long[])[]
            {
                ("ln_1.weight", [D]), ("ln_1.bias", [D]), ("attn.q.weight", [D, D]), ("attn.q.bias", [D]), ("attn.kv.weight", [2 * D, D]),
                ("attn.kv.bias", [2 * D]),
                ("attn.out_proj.weight", [D, D]), ("attn.out_proj.bias", [D]), ("depthwise.weight", [D, 1, v.Kernel, v.Kernel]), ("depthwise.bias", [D]),
                ("ln_2.weight", [D]), ("ln_2.bias", [D]), ("mlp.c_fc.weight", [hidden, D]), ("mlp.c_fc.bias", [hidden]), ("mlp.c_proj.weight", [D, hidden]),
                ("mlp.c_proj.bias", [D]),
            })
            {
                yield return ($"{p}.{name}", shape);
            }
        }

        foreach (var text in ClipShapes.Of(config.Clip).Where(t => !t.Name.StartsWith("visual.", StringComparison.Ordinal)))
        {
            yield return text;
        }
    }

    /// <summary>Initialization: CLIP's spreads; small token embeddings, so that words never trained on weigh little.</summary>
    public static Tensor Start(string name, long[] shape, HybridConfig config, ParameterInitializer initializer)
    {
        bool vision = name.StartsWith("visual.", StringComparison.Ordinal);
        double width = vision ? config.Vision.Width : config.Text.Width;
        int layers = vision ? config.Vision.Layers : config.Text.Layers;
        if (name == "logit_scale")
        {
            return torch.tensor((float)Math.Log(1 / 0.07));
        }

        if (name.EndsWith("bias", StringComparison.Ordinal) || name is "visual.positional_embedding" || name.EndsWith(".mean", StringComparison.Ordinal))
        {
            return torch.zeros(shape);
        }

        if (name.Contains("ln_", StringComparison.Ordinal) || name.EndsWith(".std", StringComparison.Ordinal))
        {
            return torch.ones(shape);
        }

        return initializer.Normal(name, name switch
        {
            "token_embedding.weight" or "visual.class_embedding" => 0.02,
            "positional_embedding" => 0.01,
            _ when name.StartsWith("visual.embed.", StringComparison.Ordinal) => 1 / Math.Sqrt(3.0 * shape[1]),
            _ when name.EndsWith("depthwise.weight", StringComparison.Ordinal) => 0.5 / config.Vision.Kernel,
            _ when name.EndsWith("out_proj.weight", StringComparison.Ordinal) || name.EndsWith("c_proj.weight", StringComparison.Ordinal) =>
                1 / Math.Sqrt(2 * width * layers),
            _ => 1 / Math.Sqrt(width),
        }, shape);
    }
}
