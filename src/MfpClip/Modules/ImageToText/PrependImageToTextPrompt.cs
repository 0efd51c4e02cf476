using MfpClip.Backbones;
using MfpClip.Backbones.Cnn;
using MfpClip.Execution;
using MfpClip.Tensors;
using MfpClip.Text;

namespace MfpClip.Modules.ImageToText;

/// <summary>
/// I2TP, variant <c>prepend</c>. Given by the paper: CNN features of this image, projected into the text encoder's token space, are fed
/// in with the template. Reconstructed (docs/method.md section 2): <c>P_t = W_t f + b_t</c> in <c>[B, n_t, d_text]</c>, placed between start of
/// text and template, shared by both states; the embedding is read at the end of text, which moves by n_t.
/// </summary>
internal sealed class PrependImageToTextPrompt : WeightedModule, IImageToTextPrompt, IPerImageSentences
{
    private readonly int _tokens;
    private readonly int? _hidden;

    public PrependImageToTextPrompt(ImageToTextPromptOptions options, ModuleDimensions dimensions)
    {
        (_tokens, _hidden) = (options.TokenCount, options.HiddenWidth);
        var start = new ParameterInitializer(options.Seed);
        if (_hidden is { } hidden)
        {
            Parameters.AddLinear(start, CheckpointPrefix, "proj.hidden", dimensions.FeatureDim, hidden);
        }

        Parameters.AddLinear(start, CheckpointPrefix, "proj", _hidden ?? dimensions.FeatureDim, (long)_tokens * dimensions.TextWidth);
    }

    /// <inheritdoc/>
    public ImageSources Reads => ImageSources.CnnFeatures;

    /// <inheritdoc/>
    public override string CheckpointPrefix => "i2tp";

    /// <summary>P_t of each image.</summary>
    /// <param name="features">CNN features.</param>
    /// <returns><c>[B, n_t, d_text]</c>.</returns>
    public Tensor CreatePromptTokens(CnnFeatures features)
    {
        using var scope = torch.NewDisposeScope();
        var f = Enter(features.Pooled); // [B, F]
        var x = _hidden is null ? f : F.gelu(Parameters.Linear("proj.hidden", f));
        return Parameters.Linear("proj", x).view(f.shape[0], _tokens, -1).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor EmbedStates(ITextTower text, StateSentences states, ImageContext? image, ForwardContext context)
    {
        ArgumentNullException.ThrowIfNull(image);
        using var scope = torch.NewDisposeScope();
        var made = CreatePromptTokens(image.Cnn);
        context.Trace?.Keep("P_t", made);
        var P_t = made.to_type(text.Precision);
        var S_n = states.NormalIds.shape[0];
        var S_a = states.AbnormalIds.shape[0];
        // Both states run through the tower as one batch.
        var sentences = PromptedSentences.Prepare(text, torch.cat([states.NormalIds, states.AbnormalIds], 0), _tokens);
        var e = UnitVectors.Normalize(Enter(sentences.Embed(text, P_t, context))); // [B, S_n + S_a, C]
        var normal = e.narrow(1, 0, S_n).mean([1], keepdim: true);
        var abnormal = e.narrow(1, S_n, S_a).mean([1], keepdim: true);
        return UnitVectors.Normalize(torch.cat([normal, abnormal], 1)).MoveToOuterDisposeScope(); // [B, 2, C]
    }

    /// <inheritdoc/>
    public Tensor EmbedEach(ITextTower text, Tensor normalIds, Tensor abnormalIds, ImageContext image)
    {
        using var scope = torch.NewDisposeScope();
        var P_t = CreatePromptTokens(image.Cnn).to_type(text.Precision);
        var sentences = PromptedSentences.Prepare(text, torch.cat([normalIds, abnormalIds], 0), _tokens);
        var e = UnitVectors.Normalize(Enter(sentences.EmbedEach(text, torch.cat([P_t, P_t], 0), image.Context))); // [2 B, C]
        return torch.stack(e.chunk(2, 0), 1).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override StageDescription Describe() => new()
    {
        Stage = "image-to-text prompt (I2TP)",
        Component = "prepend",
        Options = new Dictionary<string, string>
        {
            ["tokens"] = Text($"{_tokens}"),
            ["projection"] = _hidden is { } hidden ? Text($"perceptron, hidden width {hidden}") : "linear",
        },
    };
}
