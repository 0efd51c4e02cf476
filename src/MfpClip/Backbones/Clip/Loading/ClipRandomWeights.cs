using MfpClip.Tensors;

namespace MfpClip.Backbones.Clip.Loading;

/// <summary>Random weights with the spreads CLIP itself starts training from (openai/CLIP, initialize_parameters).</summary>
internal static class ClipRandomWeights
{
    public static ParameterSet Create(ClipConfig config, long seed, Device device, ScalarType precision)
    {
        var initializer = new ParameterInitializer(seed);
        var parameters = new ParameterSet();
        foreach (var (name, shape) in ClipShapes.Of(config))
        {
            using var scope = torch.NewDisposeScope();
            var value = name == "logit_scale" ? torch.tensor((float)Math.Log(100))
                : name.EndsWith("bias", StringComparison.Ordinal) ? torch.zeros(shape)
                : name.Contains("ln_", StringComparison.Ordinal) ? torch.ones(shape)
                : initializer.Normal(name, Spread(name, config), shape);
            parameters.Add(name, value.to(precision, device).contiguous());
        }

        return parameters;
    }

    private static double Spread(string name, ClipConfig config)
    {
        bool vision = name.StartsWith("visual.", StringComparison.Ordinal);
        double width = vision ? config.Vision.Width : config.Text.Width;
        int layers = vision ? config.Vision.Layers : config.Text.Layers;
        return name switch
        {
            "token_embedding.weight" => 0.02,
            "positional_embedding" => 0.01,
            "visual.conv1.weight" => 1 / Math.Sqrt(3.0 * config.Vision.PatchSize * config.Vision.PatchSize),
            _ when name.EndsWith("c_fc.weight", StringComparison.Ordinal) => 1 / Math.Sqrt(2 * width),
            _ when name.EndsWith("out_proj.weight", StringComparison.Ordinal) || name.EndsWith("c_proj.weight", StringComparison.Ordinal)
                => 1 / Math.Sqrt(2 * width * layers),
            _ => 1 / Math.Sqrt(width),
        };
    }
}
