using System.Globalization;
using System.Text.RegularExpressions;
using MfpClip.Weights;

namespace MfpClip.Backbones.Dino.Loading;

/// <summary>
/// Where the tensors of a DINOv2 model lie in a file, in the authors' layout or Hugging Face's (convert_dinov2_to_hf.py). Blocks keep the names of
/// <see cref="Transformers.TransformerBlock"/>; several sources are joined along the first axis.
/// </summary>
internal sealed partial record DinoTensorNames
{
    private static readonly string[] Wrappers = ["", "module.", "model.", "backbone.", "dinov2.", "dinov2_with_registers.", "teacher.backbone."];

    private static readonly (string Theirs, string Ours)[] Authors =
    [
        ("norm1.", "ln_1."), ("norm2.", "ln_2."), ("attn.qkv.weight", "attn.in_proj_weight"), ("attn.qkv.bias", "attn.in_proj_bias"),
        ("attn.proj.", "attn.out_proj."), ("mlp.fc1.", "mlp.c_fc."), ("mlp.fc2.", "mlp.c_proj."), ("mlp.w12.", "mlp.c_fc."), ("mlp.w3.", "mlp.c_proj."),
        ("ls1.gamma", "scale_1"), ("ls2.gamma", "scale_2"),
    ];

    private static readonly (string Theirs, string Ours)[] HuggingFace =
    [
        ("norm1.", "ln_1."), ("norm2.", "ln_2."), ("attention.output.dense.", "attn.out_proj."), ("mlp.fc1.", "mlp.c_fc."), ("mlp.fc2.", "mlp.c_proj."),
        ("mlp.weights_in.", "mlp.c_fc."), ("mlp.weights_out.", "mlp.c_proj."), ("layer_scale1.lambda1", "scale_1"), ("layer_scale2.lambda1", "scale_2"),
    ];

    private static readonly Dictionary<string, string> Outside = new(StringComparer.Ordinal)
    {
        ["cls_token"] = "class_token", ["pos_embed"] = "positions", ["register_tokens"] = "registers", ["patch_embed.proj.weight"] = "patch.weight",
        ["patch_embed.proj.bias"] = "patch.bias", ["norm.weight"] = "norm.weight", ["norm.bias"] = "norm.bias",
        ["embeddings.cls_token"] = "class_token", ["embeddings.position_embeddings"] = "positions", ["embeddings.register_tokens"] = "registers",
        ["embeddings.patch_embeddings.projection.weight"] = "patch.weight", ["embeddings.patch_embeddings.projection.bias"] = "patch.bias",
        ["layernorm.weight"] = "norm.weight", ["layernorm.bias"] = "norm.bias",
    };

    /// <summary>Names in the file of each tensor of the model.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<string>> Sources { get; init; }

    /// <summary>Names in the file that belong to no tensor of the model.</summary>
    public required IReadOnlyList<string> Unknown { get; init; }

    /// <summary>Whether the file has Hugging Face's layout rather than the authors'.</summary>
    public required bool IsHuggingFace { get; init; }

    /// <summary>Whether the feed-forward layers are SwiGLU.</summary>
    public required bool SwiGlu { get; init; }

    /// <summary>Number of blocks.</summary>
    public int Layers => Sources.Keys.Count(k => k.StartsWith("blocks.", StringComparison.Ordinal) && k.EndsWith(".ln_1.weight", StringComparison.Ordinal));

    /// <summary>Whether a file holds a DINOv2 model.</summary>
    public static bool IsIn(IWeightFile file) => Wrapper(file) is not null;

    /// <summary>Maps the names of a file.</summary>
    /// <exception cref="WeightsException">It holds no DINOv2 model.</exception>
    public static DinoTensorNames Map(IWeightFile file)
    {
        string wrapper = Wrapper(file) ?? throw new WeightsException(
            file.Path, "it is no DINOv2 model: neither 'patch_embed.proj.weight' nor 'embeddings.patch_embeddings.projection.weight' is in it.");
        var found = new Dictionary<string, SortedList<int, string>>(StringComparer.Ordinal);
        var unknown = new List<string>();
        bool swiGlu = false;
        foreach (string full in file.Tensors.Keys.Order(StringComparer.Ordinal))
        {
            string name = full.StartsWith(wrapper, StringComparison.Ordinal) ? full[wrapper.Length..] : full;
            if (name.EndsWith("mask_token", StringComparison.Ordinal))
            {
                continue; // of pretraining; no inference reads it
            }

            swiGlu |= name.Contains(".mlp.w12.", StringComparison.Ordinal) || name.Contains(".mlp.weights_in.", StringComparison.Ordinal);
            if (Place(name) is not { } place)
            {
                unknown.Add(full);
            }
            else if (!(found.TryGetValue(place.Name, out var parts) ? parts : found[place.Name] = []).TryAdd(place.Part, full))
            {
                throw new WeightsException(file.Path, $"'{full}' and '{found[place.Name][place.Part]}' are the same tensor of the model.");
            }
        }

        return new()
        {
            Sources = found.ToDictionary(f => f.Key, f => (IReadOnlyList<string>)[.. f.Value.Values], StringComparer.Ordinal), Unknown = unknown,
            SwiGlu = swiGlu,
            IsHuggingFace = file.Tensors.ContainsKey($"{wrapper}embeddings.patch_embeddings.projection.weight"),
        };
    }

    private static string? Wrapper(IWeightFile file) => Wrappers.FirstOrDefault(w =>
        (file.Tensors.ContainsKey($"{w}patch_embed.proj.weight") && file.Tensors.ContainsKey($"{w}pos_embed") && file.Tensors.ContainsKey($"{w}norm.weight"))
            || file.Tensors.ContainsKey($"{w}embeddings.patch_embeddings.projection.weight"));

    // Queries, keys and values are one tensor of the model and three of Hugging Face's: parts 0 to 2.
    private static (string Name, int Part)? Place(string name)
    {
        if (Outside.TryGetValue(name, out string? outside))
        {
            return (outside, 0);
        }

        var block = Block().Match(name);
        if (!block.Success || !int.TryParse(block.Groups["index"].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int index))
        {
            return null;
        }

        string ours = string.Create(CultureInfo.InvariantCulture, $"blocks.{index}."), part = block.Groups["part"].Value;
        if (Projection().Match(part) is { Success: true } projection)
        {
            return ($"{ours}attn.in_proj_{projection.Groups["kind"].Value}", Array.IndexOf(["query", "key", "value"], projection.Groups["which"].Value));
        }

        foreach (var (theirs, mine) in name.StartsWith("blocks.", StringComparison.Ordinal) ? Authors : HuggingFace)
        {
            if (part.StartsWith(theirs, StringComparison.Ordinal))
            {
                return (ours + mine + part[theirs.Length..], 0);
            }
        }

        return null;
    }

    // Checkpoints of training keep blocks in chunks: blocks.CHUNK.INDEX, with indices that count through.
    [GeneratedRegex(@"^(blocks\.(\d+\.)?|encoder\.layer\.)(?<index>\d+)\.(?<part>[^0-9].*)$", RegexOptions.ExplicitCapture)]
    private static partial Regex Block();

    [GeneratedRegex(@"^attention\.attention\.(?<which>query|key|value)\.(?<kind>weight|bias)$")]
    private static partial Regex Projection();
}
