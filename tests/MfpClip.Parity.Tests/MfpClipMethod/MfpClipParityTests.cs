using System.Text.Json;
using MfpClip.Backbone;
using MfpClip.Cnn;
using MfpClip.Detection;
using MfpClip.Prompts;
using MfpClip.Prompts.ImageToText;
using MfpClip.Prompts.Mask;
using MfpClip.Prompts.MultiPatch;
using MfpClip.Prompts.Self;
using MfpClip.Prompts.Text;
using MfpClip.Scoring;
using MfpClip.Weights;

namespace MfpClip.Parity.Tests.MfpClipMethod;

/// <summary>The four modules and their variants against an independent implementation of the spec: every case, every intermediate.</summary>
public class MfpClipParityTests
{
    [SkippableFact]
    public void Every_case_and_every_intermediate_tensor_agrees()
    {
        string folder = Goldens.Family("mfp-clip");
        var manifest = Goldens.Manifest("mfp-clip");
        using var scope = torch.NewDisposeScope();
        var inputs = Goldens.Tensors(folder, "inputs.safetensors");
        var expected = Goldens.Tensors(folder, "expected.safetensors");
        using var weights = WeightFile.Open(Path.Combine(folder, "weights.safetensors"));
        var config = manifest.GetProperty("configuration");
        var compared = new HashSet<string>();
        foreach (string name in manifest.GetProperty("cases").EnumerateObject().Select(c => c.Name))
        {
            using var clip = LoadClip(weights, config);
            using var trace = new ForwardTrace(keepTensors: true);
            using var guard = torch.no_grad();
            var parts = Compose(name, clip, config, inputs);
            ModuleCheckpoint.Load(parts.Checkpointed, weights, foreign: _ => true);
            using var states = StateSentenceEncoder.Encode(clip.Text, "object", inputs["ids"].narrow(0, 0, 1), inputs["ids"].narrow(0, 1, 1));
            new MfpClipPipeline(parts).Forward(inputs["images"], states, trace: trace);
            long batch = inputs["images"].shape[0];
            foreach (string golden in expected.Keys.Where(k => k.StartsWith($"{name}.", StringComparison.Ordinal)))
            {
                string key = golden[(name.Length + 1)..];
                var actual = trace.Tensors[key == "P_v" ? "P_v1" : key];
                // Texts that do not depend on the image are computed once and shared by the batch.
                actual = key is "t" && actual.shape[0] == 1 ? actual.expand(batch, -1, -1) : actual;
                Goldens.Close(golden, expected[golden], actual, Tolerance(manifest, key));
                compared.Add(golden);
            }

            foreach (var module in parts.Modules)
            {
                module.Dispose();
            }
        }

        Assert.Empty(expected.Keys.Where(k => !k.StartsWith("train.", StringComparison.Ordinal) && k != "position_embedding").Except(compared));
    }

    private static ClipBackbone LoadClip(IWeightFile weights, JsonElement config)
    {
        using var clip = new ClipPart(weights);
        return ClipBackbone.Load(clip, null, new()
        {
            Config = new()
            {
                EmbedDim = Int(config, "embed_dim"), Activation = ClipActivation.QuickGelu,
                Vision = new() { ImageSize = Int(config, "table_resolution"), PatchSize = Int(config, "patch"), Width = Int(config, "vision_width"), Layers = Int(config, "vision_layers"), Heads = Int(config, "vision_heads") },
                Text = new() { ContextLength = Int(config, "context_length"), VocabSize = Int(config, "vocab_size"), Width = Int(config, "text_width"), Layers = Int(config, "text_layers"), Heads = Int(config, "text_heads") },
            },
        }, torch.CPU);
    }

    private static PipelineParts Compose(string name, ClipBackbone clip, JsonElement config, Dictionary<string, Tensor> inputs)
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
                Variant = name switch { "i2tp_residual" => ImageToTextVariant.Residual, "i2tp_off" or "all_off" => ImageToTextVariant.Off, _ => ImageToTextVariant.Prepend },
                TokenCount = Int(config, "n_t"), Alpha = config.GetProperty("alpha_residual").GetDouble(),
            }, d),
            Self = SelfPrompt.Create(new()
            {
                Variant = name switch { "sp_off" or "all_off" => SelfPromptVariant.Off, "sp_levels" => SelfPromptVariant.Levels, _ => SelfPromptVariant.Pooled },
                AdapterCount = Int(config, "K"),
                Stages = name switch { "sp_12" => [1, 2], "sp_123" => [1, 2, 3], "sp_1234" => [1, 2, 3, 4], _ => [1] },
            }, d),
            MultiPatch = MultiPatchAggregator.Create(new() { Neighbourhood = name switch { "mpfa_1" or "all_off" => 1, "mpfa_5" => 5, _ => 3 } }, d),
            Mask = MaskPrompt.Create(new()
            {
                Variant = name switch { "mp_off" or "all_off" => MaskPromptVariant.Off, "mp_prototype" => MaskPromptVariant.Prototype, _ => MaskPromptVariant.Learned },
                Beta = config.GetProperty("beta_prototype").GetDouble(),
            }, d),
            Map = new AnomalyMapGenerator(new() { Tau = tau }),
            Score = new AnomalyScorer(new() { Tau = tau }),
            Stages = StagePlan.Even(clip.Vision.Layers, stages),
        };
    }

    private static double Tolerance(JsonElement manifest, string key) => manifest.GetProperty("tolerance").GetProperty(
        key.StartsWith("logits", StringComparison.Ordinal) ? "logits"
        : key[0] is 'E' or 'Z' or 'P' ? "tokens E, Z, P"
        : "t, class_embedding, maps, scores").GetDouble();

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
