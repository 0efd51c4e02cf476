using MfpClip.Weights;

namespace MfpClip.Backbones.Clip.Loading;

/// <summary>Where a tensor of the model comes from: one tensor of the file, or several joined along the first axis.</summary>
/// <param name="Sources">Names in the file.</param>
/// <param name="Transposed">Whether the file stores it transposed.</param>
internal sealed record TensorOrigin(IReadOnlyList<string> Sources, bool Transposed = false);

/// <summary>The tensors of a file under OpenAI's names, whichever convention it follows (OpenAI, open_clip, Hugging Face).</summary>
internal sealed record ClipTensorNames(IReadOnlyDictionary<string, TensorOrigin> Origins, IReadOnlyList<string> Unknown, bool IsOpenAi)
{
    private static readonly string[] Wrappers = ["", "module.", "state_dict.", "state_dict.module.", "model.", "clip."];
    private static readonly string[] OpenAiBuffers = ["input_resolution", "context_length", "vocab_size"];

    /// <summary>Maps the names of a file.</summary>
    public static ClipTensorNames Map(IWeightFile file)
    {
        string wrapper = Wrappers.FirstOrDefault(w =>
            file.Tensors.ContainsKey($"{w}visual.conv1.weight")
                || file.Tensors.ContainsKey($"{w}vision_model.embeddings.patch_embedding.weight")) ?? string.Empty;
        var origins = new Dictionary<string, TensorOrigin>(StringComparer.Ordinal);
        var unknown = new List<string>();
        bool openAi = OpenAiBuffers.All(b => file.Tensors.ContainsKey(wrapper + b));
        foreach (string full in file.Tensors.Keys.Order(StringComparer.Ordinal))
        {
            string name = full.StartsWith(wrapper, StringComparison.Ordinal) ? full[wrapper.Length..] : full;
            if (IsBuffer(name))
            {
                continue;
            }

            if (HuggingFace(name, wrapper) is { } mapped)
            {
                origins[mapped.Name] = mapped.Origin;
            }
            else if (IsOpenAiName(name))
            {
                origins[name] = new([full]);
            }
            else
            {
                unknown.Add(full);
            }
        }

        return new(origins, unknown, openAi);
    }

    private static bool IsBuffer(string name) => OpenAiBuffers.Contains(name) || name is "attn_mask" || name.EndsWith("position_ids", StringComparison.Ordinal);

    private static bool IsOpenAiName(string name) =>
        name is "logit_scale" or "positional_embedding" or "text_projection" or "token_embedding.weight"
        || name.StartsWith("visual.", StringComparison.Ordinal) || name.StartsWith("transformer.", StringComparison.Ordinal) || name.StartsWith(
            "ln_final.", StringComparison.Ordinal);

    private static (string Name, TensorOrigin Origin)? HuggingFace(string name, string wrapper)
    {
        TensorOrigin One(bool transposed = false) => new([wrapper + name], transposed);
        switch (name)
        {
            case "text_projection.weight": return ("text_projection", One(true));
            case "visual_projection.weight": return ("visual.proj", One(true));
            case "text_model.embeddings.token_embedding.weight": return ("token_embedding.weight", One());
            case "text_model.embeddings.position_embedding.weight": return ("positional_embedding", One());
            case "vision_model.embeddings.class_embedding": return ("visual.class_embedding", One());
            case "vision_model.embeddings.patch_embedding.weight": return ("visual.conv1.weight", One());
            case "vision_model.embeddings.position_embedding.weight": return ("visual.positional_embedding", One());
        }

        foreach (var (theirs, ours) in new[]
        {
            ("text_model.final_layer_norm.", "ln_final."), ("vision_model.pre_layrnorm.", "visual.ln_pre."),
            ("vision_model.post_layernorm.", "visual.ln_post."),
        })
        {
            if (name.StartsWith(theirs, StringComparison.Ordinal))
            {
                return (ours + name[theirs.Length..], One());
            }
        }

        foreach (var (theirs, ours) in new[]
        {
            ("text_model.encoder.layers.", "transformer.resblocks."), ("vision_model.encoder.layers.", "visual.transformer.resblocks."),
        })
        {
            if (name.StartsWith(theirs, StringComparison.Ordinal) && name.IndexOf('.', theirs.Length) is > 0 and var dot)
            {
                return Block(ours + name[theirs.Length..dot], name[..dot], name[(dot + 1)..], wrapper);
            }
        }

        return null;
    }

    private static (string, TensorOrigin)? Block(string ours, string theirs, string part, string wrapper)
    {
        if (part.StartsWith("self_attn.", StringComparison.Ordinal)
            && part[10..] is "q_proj.weight" or "k_proj.weight" or "v_proj.weight" or "q_proj.bias" or "k_proj.bias" or "v_proj.bias")
        {
            string kind = part[part.LastIndexOf('.')..];
            return ($"{ours}.attn.in_proj_{kind[1..]}", new([.. new[] { "q", "k", "v" }.Select(p => $"{wrapper}{theirs}.self_attn.{p}_proj{kind}")]));
        }

        foreach (var (a, b) in new[]
        {
            ("self_attn.out_proj.", "attn.out_proj."), ("layer_norm1.", "ln_1."), ("layer_norm2.", "ln_2."), ("mlp.fc1.", "mlp.c_fc."),
            ("mlp.fc2.", "mlp.c_proj."),
        })
        {
            if (part.StartsWith(a, StringComparison.Ordinal))
            {
                return ($"{ours}.{b}{part[a.Length..]}", new([$"{wrapper}{theirs}.{part}"]));
            }
        }

        return null;
    }
}
