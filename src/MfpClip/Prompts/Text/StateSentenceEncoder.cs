using MfpClip.Backbone;
using MfpClip.Prompts.ImageToText;

namespace MfpClip.Prompts.Text;

/// <summary>Embeds the sentences of both states once: what of the text does not depend on any image (spec section 2).</summary>
internal static class StateSentenceEncoder
{
    /// <summary>Embeds both states; the result owns its tensors, outside any dispose scope.</summary>
    /// <param name="text">Frozen text tower.</param>
    /// <param name="className">Class name in the sentences.</param>
    /// <param name="normalIds">int64 <c>[S_n, L]</c>; the largest id of a row is end-of-text.</param>
    /// <param name="abnormalIds">int64 <c>[S_a, L]</c>.</param>
    public static StateSentences Encode(ITextTower text, string className, Tensor normalIds, Tensor abnormalIds)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad(); // the tower is frozen
        var e = torch.stack([Embed(text, normalIds), Embed(text, abnormalIds)], 0); // [2, C]
        return new(
            className, normalIds.clone().DetachFromDisposeScope(), abnormalIds.clone().DetachFromDisposeScope(), e.DetachFromDisposeScope());
    }

    // Mean of the normalised sentence embeddings, renormalised: [C].
    private static Tensor Embed(ITextTower text, Tensor ids)
    {
        var ends = ids.argmax(1);
        var kept = ends.max().item<long>() + 1; // causal: nothing behind the last end-of-text counts
        var tokens = text.AddPositions(text.EmbedTokens(ids.narrow(1, 0, kept).to(text.Device)));
        var e = text.Project(text.RunBlocks(tokens, 0, text.Layers), ends.to(text.Device)); // [S, C]
        return ImageToTextPrompt.Normalize(ImageToTextPrompt.Normalize(e.to_type(ScalarType.Float32)).mean([0]));
    }
}
