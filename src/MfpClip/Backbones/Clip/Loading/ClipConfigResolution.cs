using MfpClip.Kernels;
using MfpClip.Weights;

namespace MfpClip.Backbones.Clip.Loading;

/// <summary>Decides a model's sizes: the caller's, else the file's neighbour's, else what the tensors themselves say.</summary>
internal static class ClipConfigResolution
{
    public static ClipConfig Resolve(IWeightFile file, ClipTensorNames names, ClipFileConfig? beside, ClipBackboneOptions options)
    {
        // OpenAI's own files carry their buffers; all of OpenAI's models use QuickGELU.
        MlpActivation? origin = names.IsOpenAi ? MlpActivation.QuickGelu : beside?.Config.Activation;
        var asked = options.Activation ?? options.Config?.Activation;
        if (origin is { } known && asked is { } wanted && known != wanted)
        {
            string source = names.IsOpenAi ? "OpenAI's own file" : $"'{Path.GetFileName(beside!.Path)}' beside it";
            throw new WeightsException(
                file.Path, $"the activation {wanted} was asked for, but {source} says {known}. With the wrong one a model loads and finds nothing.");
        }

        if (names.IsOpenAi && asked is null && beside?.Config.Activation is MlpActivation.Gelu)
        {
            throw new WeightsException(file.Path, $"'{Path.GetFileName(beside.Path)}' beside it says Gelu, but this is OpenAI's own file, trained with "
                + $"QuickGelu. Remove or correct the configuration.");
        }

        var activation = origin ?? asked ?? (options.ActivationOverride is not null ? MlpActivation.QuickGelu : throw new WeightsException(
            file.Path, "neither a config.json beside it nor the file says which activation it was trained with. Set ClipBackboneOptions.Activation: QuickGelu "
                + "for OpenAI's weights and those derived from them, Gelu for most of open_clip's."));
        var config = (options.Config ?? beside?.Config ?? Infer(file, names)) with { Activation = activation };
        Check(file.Path, config);
        return options.ActivationOverride is { } choose ? config with { Activation = choose(config) } : config;
    }

    /// <summary>Refuses sizes that make no model.</summary>
    public static void Check(string path, ClipConfig c)
    {
        var faults = new List<string>();
        void Positive(string what, double value, double most)
        {
            if (!(value > 0 && value <= most))
            {
                faults.Add(FormattableString.Invariant($"{what} is {value}, it must be in 1 to {most}"));
            }
        }

        Positive("embed_dim", c.EmbedDim, 16384);
        foreach (var (tower, width, layers, heads, ratio) in new[]
        {
            ("vision", c.Vision.Width, c.Vision.Layers, c.Vision.Heads, c.Vision.MlpRatio),
            ("text", c.Text.Width, c.Text.Layers, c.Text.Heads, c.Text.MlpRatio),
        })
        {
            Positive($"{tower} width", width, 16384);
            Positive($"{tower} layers", layers, 512);
            Positive($"{tower} heads", heads, 1024);
            Positive($"{tower} mlp ratio", ratio, 64);
            if (heads > 0 && width % heads != 0)
            {
                faults.Add($"{tower} width {width} is not a multiple of its {heads} heads");
            }
        }

        Positive("vocab_size", c.Text.VocabSize, 10_000_000);
        Positive("context_length", c.Text.ContextLength, 65536);
        Positive("patch_size", c.Vision.PatchSize, 1024);
        if (c.Vision.ImageSize < c.Vision.PatchSize || c.Vision.ImageSize > 16384)
        {
            faults.Add($"image_size {c.Vision.ImageSize} must be in patch_size to 16384");
        }

        if (c.Activation == MlpActivation.SwiGlu)
        {
            faults.Add("the activation is SwiGlu, which no CLIP model has");
        }

        if (faults.Count > 0)
        {
            throw new WeightsException(path, $"the model configuration is wrong: {string.Join("; ", faults)}.");
        }
    }

    private static ClipConfig Infer(IWeightFile file, ClipTensorNames names)
    {
        long[] Shape(string name) => names.Origins.TryGetValue(name, out var o) && file.Tensors.TryGetValue(o.Sources[0], out var info)
            ? [.. o.Transposed ? info.Shape.Reverse() : info.Shape]
            : throw new WeightsException(file.Path, $"it is not a CLIP model with a vision transformer: '{name}' is missing.");
        int Layers(string tower) => names.Origins.Keys.Count(
            k => k.StartsWith($"{tower}.resblocks.", StringComparison.Ordinal) && k.EndsWith(".ln_1.weight", StringComparison.Ordinal));

        var patch = Shape("visual.conv1.weight");
        var text = Shape("token_embedding.weight");
        var project = Shape("visual.proj");
        if (patch.Length != 4 || text.Length != 2 || project.Length != 2)
        {
            throw new WeightsException(file.Path, "its tensors do not have the shapes of a CLIP model with a vision transformer.");
        }

        int side = (int)Math.Round(Math.Sqrt(Shape("visual.positional_embedding")[0] - 1));
        int width = checked((int)patch[0]);
        int textWidth = checked((int)text[1]);
        double Ratio(string tower, int w) => Layers(tower) > 0 ? (double)Shape($"{tower}.resblocks.0.mlp.c_fc.weight")[0] / w : 4;

        // OpenAI's rule: heads are 64 wide. Where that is not so, a configuration must say it.
        return new()
        {
            EmbedDim = checked((int)project[1]),
            Activation = MlpActivation.QuickGelu,
            Vision = new()
            {
                ImageSize = checked(side * (int)patch[2]), PatchSize = checked((int)patch[2]), Width = width, Layers = Layers("visual.transformer"),
                Heads = Math.Max(width / 64, 1), MlpRatio = Ratio("visual.transformer", width),
            },
            Text = new()
            {
                ContextLength = checked((int)Shape("positional_embedding")[0]), VocabSize = checked((int)text[0]), Width = textWidth,
                Layers = Layers("transformer"), Heads = Math.Max(textWidth / 64, 1), MlpRatio = Ratio("transformer", textWidth),
            },
        };
    }
}
