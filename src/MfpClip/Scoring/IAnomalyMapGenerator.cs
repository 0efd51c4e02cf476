using MfpClip.Prompts;

namespace MfpClip.Scoring;

/// <summary>From features and texts to a map (spec section 5).</summary>
public interface IAnomalyMapGenerator : IDetectorModule
{
    /// <summary>Compares every patch with both states.</summary>
    /// <param name="Z">Z_i of each stage, <c>[B, C, g, g']</c>.</param>
    /// <param name="t">Text embeddings of each stage, L2-normalised <c>[B, 2, C]</c> (B may be 1).</param>
    /// <param name="height">Rows of the map, H.</param>
    /// <param name="width">Columns of the map, W.</param>
    /// <returns>Probabilities, mean over the stages, <c>[B, 2, H, W]</c>: normal, abnormal.</returns>
    Tensor Map(IReadOnlyList<Tensor> Z, IReadOnlyList<Tensor> t, int height, int width);
}

/// <summary>From class token, texts and map to the image score (spec section 7).</summary>
public interface IAnomalyScorer : IDetectorModule
{
    /// <summary>Scores images.</summary>
    /// <param name="v">Class embedding, L2-normalised <c>[B, C]</c>.</param>
    /// <param name="t">Text embeddings, L2-normalised <c>[B, 2, C]</c> (B may be 1).</param>
    /// <param name="map">M, abnormal channel, <c>[B, H, W]</c>.</param>
    /// <returns>S in [0,1], <c>[B]</c>.</returns>
    Tensor Score(Tensor v, Tensor t, Tensor map);
}
