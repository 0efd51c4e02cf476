using System.Text.Json;
using MfpClip.Files;
using MfpClip.Kernels;

namespace MfpClip.Backbones.Clip.Loading;

/// <summary>What a configuration beside the weights says. Everything but the sizes may be absent.</summary>
internal sealed record ClipFileConfig(string Path, ClipConfig Config, (float[] Mean, float[] Std)? Normalization);

/// <summary>Finds a model's weights and configuration on disk: Hugging Face and open_clip layouts.</summary>
internal static class ClipFiles
{
    private static readonly string[] WeightNames =
        ["model.safetensors", "open_clip_model.safetensors", "open_clip_pytorch_model.bin", "pytorch_model.bin", "model.jit.pt", "model.pt"];

    /// <summary>The weight file at <paramref name="path"/>, or in the folder of that name.</summary>
    public static string FindWeights(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!Directory.Exists(path))
        {
            return path;
        }

        return WeightNames.Select(n => Path.Combine(path, n)).FirstOrDefault(File.Exists)
            ?? throw new WeightsException(path, $"the folder holds no weight file of a known name ({string.Join(", ", WeightNames)}). Name the file itself.");
    }

    /// <summary>Reads <c>config.json</c> or <c>open_clip_config.json</c> beside the weights; null if there is neither.</summary>
    public static ClipFileConfig? ReadConfigNextTo(string weights)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(weights)) ?? ".";
        // A folder may hold both kinds: the configuration that goes with the file's name comes first.
        string[] names = Path.GetFileName(weights).StartsWith("open_clip", StringComparison.Ordinal)
            ? ["open_clip_config.json", "config.json"] : ["config.json", "open_clip_config.json"];
        return names.Select(n => Path.Combine(folder, n)).FirstOrDefault(File.Exists) is { } found ? Read(found) : null;
    }

    private static ClipFileConfig Read(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(BoundedFile.ReadText(path));
            var root = document.RootElement;
            return root.TryGetProperty("model_cfg", out var openClip) ? OpenClip(path, root, openClip) : new(
                path, HuggingFace(path, root), Normalization(Path.Combine(Path.GetDirectoryName(path)!, "preprocessor_config.json")));
        }
        catch (Exception e) when (
            e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or IOException or UnauthorizedAccessException)
        {
            throw new WeightsException(path, $"the model configuration cannot be read ({e.Message}).", e);
        }
    }

    private static ClipConfig HuggingFace(string path, JsonElement root)
    {
        var vision = root.GetProperty("vision_config");
        var text = root.GetProperty("text_config");
        string act = String(vision, "hidden_act") ?? "quick_gelu";
        string textAct = String(text, "hidden_act") ?? act;
        if (act != textAct)
        {
            throw new WeightsException(path, $"the towers have different activations ('{act}' and '{textAct}'), which is not supported.");
        }

        int width = Int(vision, "hidden_size") ?? 768;
        int textWidth = Int(text, "hidden_size") ?? 512;
        return new()
        {
            EmbedDim = Int(root, "projection_dim") ?? 512,
            Activation = act switch
            {
                "quick_gelu" => MlpActivation.QuickGelu,
                "gelu" => MlpActivation.Gelu,
                _ => throw new WeightsException(path, $"the activation '{act}' is not supported (quick_gelu and gelu are)."),
            },
            LayerNormEps = vision.TryGetProperty("layer_norm_eps", out var eps) ? eps.GetDouble() : 1e-5,
            Vision = new()
            {
                ImageSize = Int(vision, "image_size") ?? 224,
                PatchSize = Int(vision, "patch_size") ?? 32,
                Width = width,
                Layers = Int(vision, "num_hidden_layers") ?? 12,
                Heads = Int(vision, "num_attention_heads") ?? 12,
                MlpRatio = (double)(Int(vision, "intermediate_size") ?? 3072) / width,
            },
            Text = new()
            {
                ContextLength = Int(text, "max_position_embeddings") ?? 77,
                VocabSize = Int(text, "vocab_size") ?? 49408,
                Width = textWidth,
                Layers = Int(text, "num_hidden_layers") ?? 12,
                Heads = Int(text, "num_attention_heads") ?? 8,
                MlpRatio = (double)(Int(text, "intermediate_size") ?? 2048) / textWidth,
            },
        };
    }

    private static ClipFileConfig OpenClip(string path, JsonElement root, JsonElement model)
    {
        var vision = model.GetProperty("vision_cfg");
        var text = model.GetProperty("text_cfg");
        if (vision.GetProperty("layers").ValueKind == JsonValueKind.Array)
        {
            throw new WeightsException(path, "the vision tower is a ResNet; only vision transformers are supported.");
        }

        int width = vision.GetProperty("width").GetInt32();
        int textWidth = text.GetProperty("width").GetInt32();
        int headWidth = Int(vision, "head_width") ?? 64;
        if (headWidth < 1)
        {
            throw new WeightsException(path, $"'head_width' is {headWidth}; it must be at least 1.");
        }

        var config = new ClipConfig
        {
            EmbedDim = model.GetProperty("embed_dim").GetInt32(),
            Activation = model.TryGetProperty("quick_gelu", out var quick) && quick.GetBoolean() ? MlpActivation.QuickGelu : MlpActivation.Gelu,
            Vision = new()
            {
                ImageSize = vision.GetProperty("image_size").GetInt32(),
                PatchSize = vision.GetProperty("patch_size").GetInt32(),
                Width = width,
                Layers = vision.GetProperty("layers").GetInt32(),
                Heads = width / headWidth,
                MlpRatio = Number(vision, "mlp_ratio") ?? 4,
            },
            Text = new()
            {
                ContextLength = Int(text, "context_length") ?? 77,
                VocabSize = Int(text, "vocab_size") ?? 49408,
                Width = textWidth,
                Layers = text.GetProperty("layers").GetInt32(),
                Heads = Int(text, "heads") ?? 8,
                MlpRatio = Number(text, "mlp_ratio") ?? 4,
            },
        };
        var preprocess = root.TryGetProperty("preprocess_cfg", out var p) && p.TryGetProperty("mean", out _) ? (Floats(p, "mean"), Floats(p, "std"))
            : ((float[], float[])?)null;
        return new(path, config, preprocess);
    }

    private static (float[], float[])? Normalization(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        using var document = JsonDocument.Parse(BoundedFile.ReadText(path));
        return document.RootElement.TryGetProperty("image_mean", out _)
            ? (Floats(document.RootElement, "image_mean"), Floats(document.RootElement, "image_std")) : null;
    }

    private static float[] Floats(JsonElement e, string name)
    {
        var values = e.GetProperty(name).EnumerateArray().Select(v => v.GetSingle()).ToArray();
        return values.Length == 3 ? values : throw new FormatException($"'{name}' must have three values");
    }

    private static int? Int(JsonElement e, string name) => e.TryGetProperty(name, out var v) && v.ValueKind == JsonValueKind.Number ? v.GetInt32() : null;

    private static double? Number(JsonElement e, string name) =>
        e.TryGetProperty(name, out var v) && v.ValueKind == JsonValueKind.Number ? v.GetDouble() : null;

    private static string? String(JsonElement e, string name) => e.TryGetProperty(name, out var v) ? v.GetString() : null;
}
