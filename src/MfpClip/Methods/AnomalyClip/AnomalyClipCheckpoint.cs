using MfpClip.Pipeline;
using MfpClip.Weights;

namespace MfpClip.Methods.AnomalyClip;

/// <summary>
/// The authors' <c>prompt_learner</c> checkpoint (<c>{'prompt_learner': state_dict}</c>, or the dictionary alone). Token embeddings and
/// ids stored in it are not learned: they are compared with the backbone's. <c>compound_prompt_projections</c> are never used by the code.
/// </summary>
internal sealed class AnomalyClipCheckpoint : ICheckpointLayout
{
    private const string Root = "prompt_learner.";

    /// <inheritdoc/>
    public string Name => "AnomalyCLIP";

    /// <inheritdoc/>
    public bool Matches(IReadOnlyDictionary<string, WeightTensorInfo> tensors)
    {
        var names = tensors.Keys.Select(Inner).ToHashSet(StringComparer.Ordinal);
        return names.Contains("ctx_pos") && names.Contains("ctx_neg") && names.Contains("token_prefix_pos");
    }

    /// <inheritdoc/>
    public string? Rename(string name) => Inner(name) switch
    {
        { } inner when inner.StartsWith("token_", StringComparison.Ordinal) || inner.StartsWith("tokenized_", StringComparison.Ordinal)
            || inner.StartsWith("compound_prompt_projections.", StringComparison.Ordinal) => null,
        { } inner => $"i2tp.{inner}",
    };

    /// <inheritdoc/>
    public void Check(IWeightFile file, CheckpointTarget target)
    {
        if (target.Modules.GetValueOrDefault("i2tp") is not ObjectAgnosticPrompt prompts)
        {
            throw new WeightsException(file.Path, "these are AnomalyCLIP's learned prompts, and the composition has other text prompts. Compose with "
                + "UseAnomalyClip, or give it AnomalyCLIP's prompts.");
        }

        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var stored = file.Tensors.Keys.ToDictionary(Inner, n => n, StringComparer.Ordinal);
        var ids = prompts.Ids(); // [2, 77]
        var embedded = target.Backbone.Text.EmbedTokens(ids).to(ScalarType.Float32, torch.CPU);
        foreach (var (row, state) in new[] { (0, "pos"), (1, "neg") })
        {
            var expectedIds = ids[row];
            if (stored.TryGetValue($"tokenized_prompts_{state}", out string? idName)
                && file.Read(idName).to_type(ScalarType.Int64).flatten() is var fileIds
                && (fileIds.numel() != expectedIds.numel() || fileIds.ne(expectedIds).any().item<bool>()))
            {
                throw new WeightsException(file.Path,
                    $"'{idName}' holds other words or another number of context vectors than this composition. Set the options it was trained with.");
            }

            foreach (var (part, start) in new[] { ("prefix", 0L), ("suffix", 1L + prompts.ContextTokens) })
            {
                if (!stored.TryGetValue($"token_{part}_{state}", out string? name))
                {
                    continue;
                }

                var values = file.Read(name).to_type(ScalarType.Float32).view(-1, file.Tensors[name].Shape[^1]);
                var own = embedded[row].narrow(0, start, Math.Min(values.shape[0], embedded.shape[1] - start));
                // The backbone may be in another precision than the one it was trained with.
                if (!values.shape.SequenceEqual(own.shape) || (values - own).abs().max().item<float>() > 2e-3f + (0.01f * own.abs().max().item<float>()))
                {
                    throw new WeightsException(file.Path, $"'{name}' does not hold this backbone's token embeddings: the prompts were trained with another "
                        + $"CLIP model. Use the backbone they belong to.");
                }
            }
        }
    }

    private static string Inner(string name) => name.StartsWith(Root, StringComparison.Ordinal) ? name[Root.Length..] : name;
}
