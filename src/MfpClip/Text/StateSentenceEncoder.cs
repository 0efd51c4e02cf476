using MfpClip.Backbones;
using MfpClip.Execution;
using MfpClip.Tensors;

namespace MfpClip.Text;

/// <summary>Embeds the sentences of both states once: what of the text does not depend on any image (docs/method.md section 2).</summary>
public static class StateSentenceEncoder
{
    /// <summary>Embeds both states; the result owns its tensors, outside any dispose scope.</summary>
    /// <param name="text">Frozen text tower.</param>
    /// <param name="className">Class name in the sentences.</param>
    /// <param name="normalIds">int64 <c>[S_n, L]</c>; the largest id of a row is end-of-text.</param>
    /// <param name="abnormalIds">int64 <c>[S_a, L]</c>.</param>
    /// <param name="context">Which kernels.</param>
    /// <param name="averaging">How a state's sentences become one embedding.</param>
    public static StateSentences Encode(
        ITextTower text, string className, Tensor normalIds, Tensor abnormalIds, ForwardContext context, PromptAveraging averaging = PromptAveraging.Normalized)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad(); // the tower is frozen
        var means = torch.stack([Average(EmbedEach(text, normalIds, context), averaging), Average(EmbedEach(text, abnormalIds, context), averaging)], 0);
        var e = UnitVectors.Normalize(means); // [2, C]
        return new(
            className, normalIds.clone().DetachFromDisposeScope(), abnormalIds.clone().DetachFromDisposeScope(), e.DetachFromDisposeScope());
    }

    /// <summary>Embeds every sentence: float32 <c>[S, C]</c>, not normalised.</summary>
    /// <param name="text">Text tower.</param>
    /// <param name="ids">int64 <c>[S, L]</c>; the largest id of a row is end-of-text.</param>
    /// <param name="context">Which kernels.</param>
    public static Tensor EmbedEach(ITextTower text, Tensor ids, ForwardContext context)
    {
        using var scope = torch.NewDisposeScope();
        var ends = ids.argmax(1);
        var kept = ends.max().item<long>() + 1; // causal: nothing behind the last end-of-text counts
        var tokens = text.AddPositions(text.EmbedTokens(ids.narrow(1, 0, kept).to(text.Device)));
        var e = text.Project(text.RunBlocks(tokens, 0, text.Layers, context), ends.to(text.Device));
        return e.to_type(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    /// <summary>The ensemble's embedding <c>[C]</c>, not renormalised.</summary>
    internal static Tensor Average(Tensor embeddings, PromptAveraging averaging) =>
        (averaging == PromptAveraging.Raw ? embeddings : UnitVectors.Normalize(embeddings)).mean([0]);
}
