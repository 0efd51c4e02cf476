using MfpClip.Backbones;
using MfpClip.Execution;
using MfpClip.Tensors;
using MfpClip.Text;

namespace MfpClip.Modules.ImageToText;

/// <summary>
/// CoCoOp (arXiv 2203.05557, section 3.2): <c>v_m(x) = v_m + h(x)</c>, where the network h (linear, ReLU, linear) reads the image's
/// normalised CLIP embedding x and moves every token by the same vector.
/// </summary>
internal sealed class CoCoOpPrompt : LearnedContext
{
    public CoCoOpPrompt(LearnedContextOptions options, ModuleDimensions dimensions)
        : base(options, dimensions)
    {
        int hidden = Math.Max(dimensions.EmbedDim / options.Reduction, 1);
        Parameters.AddLinear(Start, CheckpointPrefix, "meta.linear1", dimensions.EmbedDim, hidden);
        Parameters.AddLinear(Start, CheckpointPrefix, "meta.linear2", hidden, dimensions.TextWidth);
    }

    /// <inheritdoc/>
    public override ImageSources Reads => ImageSources.ClipEmbedding;

    /// <summary>h(x) of each image, <c>[B, d]</c>.</summary>
    /// <param name="embedding">Image embedding, <c>[B, C]</c>.</param>
    public Tensor Shift(Tensor embedding)
    {
        using var scope = torch.NewDisposeScope();
        var x = UnitVectors.Normalize(Enter(embedding));
        return Parameters.Linear("meta.linear2", F.relu(Parameters.Linear("meta.linear1", x))).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override Tensor EmbedStates(ITextTower text, StateSentences states, ImageContext? image, ForwardContext context)
    {
        ArgumentNullException.ThrowIfNull(image);
        using var scope = torch.NewDisposeScope();
        var shift = Shift(image.ClipEmbedding).unsqueeze(1); // [B, 1, d]
        var (normal, abnormal) = Context;
        return Embed(text, states, normal + shift, abnormal + shift, context).MoveToOuterDisposeScope(); // [B, 2, C]
    }

    /// <inheritdoc/>
    public override StageDescription Describe() =>
        Describe("CoCoOp", new KeyValuePair<string, string>("hidden width", Text($"{Parameters["meta.linear1.bias"].shape[0]}")));
}
