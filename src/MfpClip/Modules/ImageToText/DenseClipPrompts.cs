using MfpClip.Backbones;
using MfpClip.Execution;
using MfpClip.Tensors;
using MfpClip.Text;

namespace MfpClip.Modules.ImageToText;

/// <summary>DenseCLIP, pre-model prompting (arXiv 2112.01518, section 3.3, eq. 4): learned queries read the image's tokens and become the context.</summary>
/// <remarks>The learned tokens are the queries: the decoder's output takes their place in the text.</remarks>
internal sealed class DenseClipPreModelPrompt : LearnedContext
{
    private readonly ContextDecoder _decoder;

    public DenseClipPreModelPrompt(LearnedContextOptions options, ModuleDimensions dimensions)
        : base(options, dimensions) => _decoder = new(Parameters, Start, CheckpointPrefix, options, dimensions.EmbedDim, dimensions.TextWidth);

    /// <inheritdoc/>
    public override ImageSources Reads => ImageSources.ClipTokens;

    /// <inheritdoc/>
    public override Tensor EmbedStates(ITextTower text, StateSentences states, ImageContext? image, ForwardContext context)
    {
        ArgumentNullException.ThrowIfNull(image);
        using var scope = torch.NewDisposeScope();
        var memory = _decoder.Memory(Enter(image.ProjectedTokens)); // [B, 1 + N, w]
        var (normal, abnormal) = Context;
        var n = Read(normal);
        return Embed(text, states, n, ReferenceEquals(normal, abnormal) ? n : Read(abnormal), context).MoveToOuterDisposeScope(); // [B, 2, C]

        Tensor Read(Tensor queries) => _decoder.Read(queries.unsqueeze(0).expand(memory.shape[0], -1, -1), memory);
    }

    /// <inheritdoc/>
    public override StageDescription Describe() => Describe("DenseCLIP, pre-model", _decoder.Describe());
}

/// <summary>
/// DenseCLIP, post-model prompting (eq. 5): <c>t' = normalise(t + gamma * decoder(t, image tokens))</c>, gamma a learned vector that starts near 0.
/// </summary>
internal sealed class DenseClipPostModelPrompt : LearnedContext
{
    private readonly ContextDecoder _decoder;

    public DenseClipPostModelPrompt(LearnedContextOptions options, ModuleDimensions dimensions)
        : base(options, dimensions)
    {
        _decoder = new(Parameters, Start, CheckpointPrefix, options, dimensions.EmbedDim, dimensions.EmbedDim);
        Parameters.Add("gamma", torch.full([dimensions.EmbedDim], options.Gamma, dtype: ScalarType.Float32));
    }

    /// <inheritdoc/>
    public override ImageSources Reads => ImageSources.ClipTokens;

    /// <inheritdoc/>
    public override Tensor EmbedStates(ITextTower text, StateSentences states, ImageContext? image, ForwardContext context)
    {
        ArgumentNullException.ThrowIfNull(image);
        using var scope = torch.NewDisposeScope();
        var (normal, abnormal) = Context;
        var t = Embed(text, states, normal.unsqueeze(0), abnormal.unsqueeze(0), context); // [1, 2, C]
        var memory = _decoder.Memory(Enter(image.ProjectedTokens)); // [B, 1 + N, w]
        var v = _decoder.Read(t.expand(memory.shape[0], -1, -1), memory); // [B, 2, C]
        return UnitVectors.Normalize(t + (Parameters["gamma"] * v)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override StageDescription Describe() => Describe("DenseCLIP, post-model", _decoder.Describe());
}
