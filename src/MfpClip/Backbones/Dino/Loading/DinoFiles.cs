using System.Text.Json;
using MfpClip.Files;
using MfpClip.Weights;

namespace MfpClip.Backbones.Dino.Loading;

/// <summary>What Hugging Face's files beside the weights say; each is <see langword="null"/> where they say nothing.</summary>
internal sealed record DinoFileConfig(int? Heads, double? LayerNormEps, int? ImageSize, (float[] Mean, float[] Std)? Normalization);

/// <summary>Finds a DINOv2 model's weights and configuration on disk, and decides its sizes.</summary>
internal static class DinoFiles
{
    /// <summary>Reads <c>config.json</c> and <c>preprocessor_config.json</c> beside the weights.</summary>
    /// <exception cref="WeightsException">One is damaged, or is of another kind of model.</exception>
    public static DinoFileConfig ReadConfigNextTo(string weights)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(weights)) ?? ".";
        var none = new DinoFileConfig(null, null, null, null);
        string model = Path.Combine(folder, "config.json"), images = Path.Combine(folder, "preprocessor_config.json");
        var config = Read(model, root => root.TryGetProperty("model_type", out var type) && type.GetString() is "dinov2" or "dinov2_with_registers"
            ? new DinoFileConfig(Int(root, "num_attention_heads"), Number(root, "layer_norm_eps"), Int(root, "image_size"), null) : none) ?? none;
        return config with
        {
            Normalization = Read(images, root => root.TryGetProperty("image_mean", out var mean) && root.TryGetProperty("image_std", out var std)
                ? (Channels(mean), Channels(std)) : ((float[], float[])?)null),
        };
    }

    /// <summary>The sizes that a file's tensors have, with what only a configuration tells.</summary>
    /// <exception cref="WeightsException">They make no DINOv2 model.</exception>
    public static DinoConfig Resolve(IWeightFile file, DinoTensorNames names, DinoFileConfig beside, DinoBackboneOptions options)
    {
        IReadOnlyList<long> Shape(string name) => names.Sources.TryGetValue(name, out var sources) ? file.Tensors[sources[0]].Shape
            : throw new WeightsException(file.Path, $"it is no DINOv2 model: its {name.Replace('_', ' ')} is missing.");

        var (patch, positions) = (Shape("patch.weight"), Shape("positions"));
        if (patch.Count != 4 || positions.Count < 2 || patch[2] != patch[3]
            || patch[0] is < 1 or > 16384 || patch[2] is < 1 or > 1024 || names.Layers is < 1 or > 512)
        {
            throw new WeightsException(file.Path, "its tensors do not have the shapes of a DINOv2 model.");
        }

        int width = (int)patch[0], side = (int)Math.Round(Math.Sqrt(Math.Clamp(positions[^2] - 1, 0, 1 << 24)));
        int heads = options.Heads ?? beside.Heads ?? (width % 64 == 0 ? width / 64 : throw new WeightsException(
            file.Path, $"no file beside it tells the number of attention heads, and its width {width} is no multiple of 64 as in the published models. "
                + $"Set DinoBackboneOptions.Heads."));
        if (options.Heads is { } asked && beside.Heads is { } said && asked != said)
        {
            throw new WeightsException(file.Path, $"{asked} attention heads were requested, but config.json beside it says {said}.");
        }

        if (heads < 1 || width % heads != 0)
        {
            throw new WeightsException(file.Path, $"its width {width} is no multiple of {heads} attention heads.");
        }

        if (beside.ImageSize is { } size && size / patch[2] != side)
        {
            throw new WeightsException(file.Path, $"config.json beside it says images of {size} px, but its position table is of {side * patch[2]} px.");
        }

        return new()
        {
            Width = width, Layers = names.Layers, Heads = heads, PatchSize = (int)patch[2], ImageSize = side * (int)patch[2], SwiGlu = names.SwiGlu,
            Registers = names.Sources.ContainsKey("registers") && Shape("registers") is { Count: >= 2 } registers ? (int)Math.Clamp(registers[^2], 1, 1024) : 0,
            LayerNormEps = beside.LayerNormEps is { } eps and > 0 and < 0.1 ? eps : 1e-6,
        };
    }

    private static T? Read<T>(string path, Func<JsonElement, T> read)
    {
        if (!File.Exists(path))
        {
            return default;
        }

        try
        {
            using var document = JsonDocument.Parse(BoundedFile.ReadText(path));
            return read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or IOException or UnauthorizedAccessException)
        {
            throw new WeightsException(path, $"the model configuration cannot be read ({e.Message}).", e);
        }
    }

    private static float[] Channels(JsonElement e)
    {
        float[] values = [.. e.EnumerateArray().Select(v => v.GetSingle())];
        return values.Length == 3 ? values : throw new FormatException("mean and standard deviation must have three values");
    }

    private static int? Int(JsonElement e, string name) => e.TryGetProperty(name, out var v) && v.ValueKind == JsonValueKind.Number ? v.GetInt32() : null;

    private static double? Number(JsonElement e, string name) =>
        e.TryGetProperty(name, out var v) && v.ValueKind == JsonValueKind.Number ? v.GetDouble() : null;
}
