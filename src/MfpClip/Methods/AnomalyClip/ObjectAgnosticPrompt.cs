using MfpClip.Backbones;
using MfpClip.Execution;
using MfpClip.Modules;
using MfpClip.Modules.ImageToText;
using MfpClip.Tensors;
using MfpClip.Text;

namespace MfpClip.Methods.AnomalyClip;

/// <summary>
/// AnomalyCLIP's text prompts (arXiv 2310.18961, sections 3.2 and 3.3;
/// prompt_ensemble.py): <c>[SOT] V_1 .. V_n words [EOT]</c> with learned V for each state, and learned vectors that replace rows 1 to
/// t_n_ctx before the blocks 2 to depth. The class name is never read, so the embeddings are the same for every image and class.
/// </summary>
internal sealed class ObjectAgnosticPrompt : WeightedModule, IImageToTextPrompt
{
    private const double StartDeviation = 0.02;

    private readonly AnomalyClipOptions _options;
    private readonly int _depth;
    private readonly long[] _ids;
    private readonly int _positions;

    /// <exception cref="DetectorConfigurationException">The settings do not fit the model.</exception>
    public ObjectAgnosticPrompt(AnomalyClipOptions options, ModuleDimensions dimensions)
    {
        var faults = options.PromptFaults(dimensions).ToList();
        if (dimensions.Tokenizer is null)
        {
            faults.Add("AnomalyCLIP: its prompts bring their own words and need a tokenizer.");
        }

        _options = faults.Count > 0 ? throw new DetectorConfigurationException(faults) : options;
        _depth = Math.Min(options.DeepDepth, Math.Max(dimensions.TextLayers, 1));
        _positions = dimensions.ContextLength;
        // "X" stands where the learned vectors go, as in the authors' code.
        string context = string.Join(' ', Enumerable.Repeat("X", options.ContextTokens));
        var tokenizer = dimensions.Tokenizer!;
        _ids = [.. tokenizer.EncodePadded($"{context} {options.NormalPrompt}", _positions), .. tokenizer.EncodePadded(
            $"{context} {options.AbnormalPrompt}", _positions)];

        var start = new ParameterInitializer(options.Seed);
        foreach (string name in new[] { "ctx_pos", "ctx_neg" })
        {
            Parameters.Add(name, start.Normal($"i2tp.{name}", StartDeviation, 1, 1, options.ContextTokens, dimensions.TextWidth));
        }

        for (var i = 0; i < _depth - 1; i++)
        {
            Parameters.Add($"compound_prompts_text.{i}", start.Normal(
                $"i2tp.compound_prompts_text.{i}", StartDeviation, options.DeepTokens, dimensions.TextWidth));
        }
    }

    /// <inheritdoc/>
    public ImageSources Reads => ImageSources.None;

    /// <inheritdoc/>
    public bool ReadsSentences => false;

    /// <inheritdoc/>
    public override string CheckpointPrefix => "i2tp";

    /// <summary>n_ctx.</summary>
    public int ContextTokens => _options.ContextTokens;

    /// <summary>Token ids of both prompts with "X" in the places of the learned vectors, int64 <c>[2, 77]</c>.</summary>
    public Tensor Ids() => torch.tensor(_ids, [2, _positions], dtype: ScalarType.Int64);

    /// <inheritdoc/>
    public Tensor EmbedStates(ITextTower text, StateSentences states, ImageContext? image, ForwardContext context)
    {
        using var scope = torch.NewDisposeScope();
        var t = UnitVectors.Normalize(Enter(Embed(text, context))); // [2, C]
        return t.unsqueeze(0).MoveToOuterDisposeScope(); // [1, 2, C]
    }

    /// <summary>Embeds both prompts.</summary>
    /// <param name="text">Frozen text tower.</param>
    /// <param name="context">What the forward pass runs under.</param>
    /// <param name="visit">Sees what enters the tower and what leaves every block; then all positions are computed, else those that count.</param>
    /// <returns>Not normalised, <c>[2, C]</c>.</returns>
    public Tensor Embed(ITextTower text, ForwardContext context, Action<string, Tensor>? visit = null)
    {
        using var scope = torch.NewDisposeScope();
        var ids = Ids();
        var ends = ids.argmax(1); // the largest id is end-of-text
        // Causal: nothing behind the last end-of-text counts.
        var kept = visit is null ? ends.max().item<long>() + 1 : _positions;
        var embedded = text.EmbedTokens(ids.narrow(1, 0, kept)); // [2, kept, d]
        var learned = torch.cat([Parameters["ctx_pos"], Parameters["ctx_neg"]], 0).squeeze(1).to_type(text.Precision); // [2, n, d]
        var n = learned.shape[1];
        var prompts = torch.cat([embedded.narrow(1, 0, 1), learned, embedded.narrow(1, 1 + n, kept - 1 - n)], 1);
        visit?.Invoke("prompts_embeddings", prompts);
        var x = text.AddPositions(prompts);
        for (var block = 0; block < text.Layers; block++)
        {
            x = text.RunBlocks(block > 0 && block < _depth ? WithDeep(x, block - 1, text.Precision) : x, block, 1, context);
            visit?.Invoke($"text_block{block + 1}", x);
        }

        return text.Project(x, ends).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override StageDescription Describe() => new()
    {
        Stage = "text prompts",
        Component = "object-agnostic learned prompts (AnomalyCLIP)",
        Options = new Dictionary<string, string>
        {
            ["words"] = $"{_options.NormalPrompt} | {_options.AbnormalPrompt}",
            ["context"] = Text($"{_options.ContextTokens} tokens"),
            ["deep"] = Text($"{_options.DeepTokens} tokens before blocks 2 to {_depth}"),
            ["float16 rounding"] = _options.RoundDeepPrompts ? "as released" : "off",
        },
    };

    // Rows 1 to t_n_ctx give way to the learned vectors, the same for both states.
    private Tensor WithDeep(Tensor x, int index, ScalarType precision)
    {
        var deep = Parameters[$"compound_prompts_text.{index}"];
        deep = (_options.RoundDeepPrompts ? deep.to_type(ScalarType.Float16) : deep).to_type(precision).unsqueeze(0).expand(x.shape[0], -1, -1);
        var behind = 1 + deep.shape[1];
        return torch.cat([x.narrow(1, 0, 1), deep, x.narrow(1, behind, x.shape[1] - behind)], 1);
    }
}
