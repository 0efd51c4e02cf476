using System.Text.Json;
using MfpClip.Backbones.Clip;
using MfpClip.Backbones.Cnn;
using MfpClip.Data.Procedural.Canvas;
using MfpClip.Kernels;
using MfpClip.Methods.Mfp;
using MfpClip.Modules;
using MfpClip.Modules.ImageToText;
using MfpClip.Modules.Mask;
using MfpClip.Modules.MultiPatch;
using MfpClip.Modules.Scoring;
using MfpClip.Modules.Self;
using MfpClip.Pipeline;
using MfpClip.Weights;

namespace MfpClip.Parity.Tests.MfpClipMethod;

/// <summary>The golden family's cases as compositions of this library.</summary>
internal static class GoldenComposition
{
    public static ClipBackbone LoadClip(IWeightFile weights, JsonElement config)
    {
        using var clip = new ClipPart(weights);
        return ClipBackbone.Load(clip, null, new()
        {
            // Which kernel is the fastest differs from run to run, and so does the rounding: one score was 1.2e-5 away instead of 6.8e-6 in two of many
            // runs. KernelChoiceTests compare the measured kernels with these.
            Kernels = KernelChoice.Plain,
            Config = new()
            {
                EmbedDim = Int(config, "embed_dim"), Activation = MlpActivation.QuickGelu,
                Vision = new()
                {
                    ImageSize = Int(config, "table_resolution"), PatchSize = Int(config, "patch"), Width = Int(config, "vision_width"),
                    Layers = Int(config, "vision_layers"), Heads = Int(config, "vision_heads"),
                },
                Text = new()
                {
                    ContextLength = Int(config, "context_length"), VocabSize = Int(config, "vocab_size"), Width = Int(config, "text_width"),
                    Layers = Int(config, "text_layers"), Heads = Int(config, "text_heads"),
                },
            },
        }, torch.CPU);
    }

    public static PipelineParts Compose(string name, ClipBackbone clip, JsonElement config, Dictionary<string, Tensor> inputs)
    {
        var cnn = new GivenFeatures(inputs, config);
        int stages = Int(config, "stages");
        var d = ModuleDimensions.Of(clip, cnn, stages);
        double tau = config.GetProperty("tau").GetDouble();
        return new()
        {
            Backbone = clip,
            Cnn = cnn,
            ImageToText = ImageToTextPrompt.Create(new()
            {
                Variant = name switch { "i2tp_residual" => ImageToTextVariant.Residual, "i2tp_off" or "all_off" => ImageToTextVariant.Off, _ =>
                    ImageToTextVariant.Prepend },
                TokenCount = Int(config, "n_t"), Alpha = config.GetProperty("alpha_residual").GetDouble(),
            }, d),
            Self = SelfPrompt.Create(new()
            {
                Variant = name switch { "sp_off" or "all_off" => SelfPromptVariant.Off, "sp_levels" => SelfPromptVariant.Levels, _ =>
                    SelfPromptVariant.Pooled },
                AdapterCount = Int(config, "K"),
                Stages = name switch { "sp_12" => [1, 2], "sp_123" => [1, 2, 3], "sp_1234" => [1, 2, 3, 4], _ => [1] },
            }, d),
            MultiPatch = MultiPatchAggregator.Create(new() { Neighbourhood = name switch { "mpfa_1" or "all_off" => 1, "mpfa_5" => 5, _ => 3 } }, d),
            Mask = MaskPrompt.Create(new()
            {
                Variant = name switch { "mp_off" or "all_off" => MaskPromptVariant.Off, "mp_prototype" => MaskPromptVariant.Prototype, _ =>
                    MaskPromptVariant.Learned },
                Beta = config.GetProperty("beta_prototype").GetDouble(),
            }, d),
            Map = new AnomalyMapGenerator(new() { Tau = tau }),
            Score = new AnomalyScorer(new() { Tau = tau }),
            Stages = StagePlan.Even(clip.Vision.Layers, stages),
        };
    }

    private static int Int(JsonElement e, string name) => e.GetProperty(name).GetInt32();

    /// <summary>The golden's CNN features, whatever the image.</summary>
    private sealed class GivenFeatures(Dictionary<string, Tensor> inputs, JsonElement config) : ICnnFeatureExtractor
    {
        public int FeatureDim => Int(config, "cnn_feature_dim");

        public IReadOnlyList<int> LevelDims { get; } = [.. config.GetProperty("cnn_level_dims").EnumerateArray().Select(v => v.GetInt32())];

        public IReadOnlyList<KeyValuePair<string, Tensor>> Weights => [];

        public CnnFeatures Extract(Tensor pixels) => new(inputs["f"].alias(), [.. LevelDims.Select((_, i) => inputs[$"f_level{i + 1}"].alias())]);

        public StageDescription Describe() => new() { Stage = "CNN features", Component = "given" };

        public void To(Device device)
        {
        }

        public void Dispose()
        {
        }
    }

    /// <summary>The tensors of a file that belong to CLIP.</summary>
    private sealed class ClipPart(IWeightFile file) : IWeightFile
    {
        public string Path => file.Path;

        public WeightFormat Format => file.Format;

        public IReadOnlyDictionary<string, WeightTensorInfo> Tensors { get; } =
            file.Tensors.Where(t => t.Key.StartsWith("clip.", StringComparison.Ordinal)).ToDictionary(t => t.Key, t => t.Value, StringComparer.Ordinal);

        public IReadOnlyDictionary<string, string> Metadata => file.Metadata;

        public Tensor Read(string name) => file.Read(name);

        public string ComputeSha256() => file.ComputeSha256();

        public void Dispose()
        {
        }
    }
}
