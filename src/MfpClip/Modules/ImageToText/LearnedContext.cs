using MfpClip.Backbones;
using MfpClip.Backbones.Clip;
using MfpClip.Execution;
using MfpClip.Tensors;
using MfpClip.Text;

namespace MfpClip.Modules.ImageToText;

/// <summary>What the learned contexts share: the tokens, and embedding the states behind them.</summary>
internal abstract class LearnedContext : WeightedModule, IImageToTextPrompt
{
    protected LearnedContext(LearnedContextOptions options, ModuleDimensions dimensions)
    {
        Options = options;
        Start = new ParameterInitializer(options.Seed);
        foreach (string name in ContextNames)
        {
            Parameters.Add(name, options.InitialText is { } words
                ? Embed(words, dimensions)
                : Start.Normal($"{CheckpointPrefix}.{name}", 0.02, options.TokenCount, dimensions.TextWidth));
        }
    }

    /// <inheritdoc/>
    public abstract ImageSources Reads { get; }

    /// <inheritdoc/>
    public override string CheckpointPrefix => "i2tp";

    protected LearnedContextOptions Options { get; }

    protected ParameterInitializer Start { get; }

    private IReadOnlyList<string> ContextNames => Options.SharedByStates ? ["context"] : ["context.normal", "context.abnormal"];

    /// <inheritdoc/>
    public abstract Tensor EmbedStates(ITextTower text, StateSentences states, ImageContext? image, ForwardContext context);

    /// <summary>A module with initialization from the seed, on the CPU in float32.</summary>
    /// <exception cref="DetectorConfigurationException">The options do not fit the model.</exception>
    public static IImageToTextPrompt Create(LearnedContextOptions options, ModuleDimensions dimensions)
    {
        var faults = options.Faults(dimensions).ToList();
        if (options.InitialText is not null && (dimensions.Tokenizer is null || dimensions.TextTower is null))
        {
            faults.Add($"Learned context: {nameof(LearnedContextOptions.InitialText)} needs the detector's tokenizer and text tower.");
        }

        return faults.Count > 0 ? throw new DetectorConfigurationException(faults) : options.Variant switch
        {
            LearnedContextVariant.CoOp => new CoOpPrompt(options, dimensions),
            LearnedContextVariant.CoCoOp => new CoCoOpPrompt(options, dimensions),
            LearnedContextVariant.DenseClipPreModel => new DenseClipPreModelPrompt(options, dimensions),
            _ => new DenseClipPostModelPrompt(options, dimensions),
        };
    }

    /// <summary>The learned tokens of each state, <c>[n, d]</c>; the same tensor where they are shared.</summary>
    protected (Tensor Normal, Tensor Abnormal) Context => (Parameters[ContextNames[0]], Parameters[ContextNames[^1]]);

    /// <summary><c>[SOT] tokens state [EOT]</c> of both states, L2-normalised <c>[B, 2, C]</c>.</summary>
    /// <param name="text">Text tower.</param>
    /// <param name="states">Sentences.</param>
    /// <param name="normal">Tokens before the normal sentences, <c>[B, n, d]</c>.</param>
    /// <param name="abnormal">Tokens before the abnormal ones; the same tensor where they are shared.</param>
    /// <param name="context">What the forward pass runs under.</param>
    protected Tensor Embed(ITextTower text, StateSentences states, Tensor normal, Tensor abnormal, ForwardContext context)
    {
        using var scope = torch.NewDisposeScope();
        var t = torch.stack([EmbedState(text, states.NormalIds, normal, context), EmbedState(text, states.AbnormalIds, abnormal, context)], 1);
        return UnitVectors.Normalize(t).MoveToOuterDisposeScope();
    }

    /// <summary>Description with the options that every variant has.</summary>
    protected StageDescription Describe(string component, params KeyValuePair<string, string>[] more) => new()
    {
        Stage = "text prompt in the place of I2TP",
        Component = component,
        Options = new Dictionary<string, string>([
            new("tokens", Text($"{Options.TokenCount}")), new("shared by states", Options.SharedByStates ? "true" : "false"), .. more,
        ]),
    };

    // Mean of the normalised sentences, [B, C].
    private Tensor EmbedState(ITextTower text, Tensor ids, Tensor tokens, ForwardContext context)
    {
        var sentences = PromptedSentences.Prepare(text, ids, Options.TokenCount);
        return UnitVectors.Normalize(Enter(sentences.Embed(text, tokens.to_type(text.Precision), context))).mean([1]);
    }

    private static Tensor Embed(string words, ModuleDimensions dimensions)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var ids = torch.tensor(dimensions.Tokenizer!.Encode(words).Select(i => (long)i).ToArray()).unsqueeze(0);
        return dimensions.TextTower!.EmbedTokens(ids)[0].to(ScalarType.Float32, torch.CPU, copy: true).MoveToOuterDisposeScope();
    }
}
