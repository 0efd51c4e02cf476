namespace MfpClip.Pipeline;

/// <summary>What a forward pass gives; tensors belong to the caller's dispose scope.</summary>
/// <param name="Coarse">Two-channel coarse map, probabilities normal and abnormal, <c>[B, 2, H, W]</c>; channel 1 is M_c.</param>
/// <param name="Prompted">Two-channel map after the mask prompt; channel 1 is M_f. <see langword="null"/> without a mask prompt.</param>
/// <param name="Map">Final map M in [0,1], <c>[B, H, W]</c>: <c>(M_c + M_f) / 2</c>, or M_c without a mask prompt.</param>
/// <param name="Score">Image score S in [0,1], <c>[B]</c>.</param>
public sealed record PipelineOutput(Tensor Coarse, Tensor? Prompted, Tensor Map, Tensor Score)
{
    /// <summary>M before smoothing, <c>[B, H, W]</c>; the same values where the map is not smoothed.</summary>
    public required Tensor RawMap { get; init; }

    /// <summary>v, class embedding, L2-normalised <c>[B, C]</c>.</summary>
    public required Tensor ClassEmbedding { get; init; }

    /// <summary>Logits of the class comparison, <c>[B, 2]</c>; <see langword="null"/> where the score makes none.</summary>
    public Tensor? ImageLogits { get; init; }

    /// <summary>Coarse map of each stage alone, <c>[B, 2, H, W]</c>; empty unless asked for.</summary>
    public IReadOnlyList<Tensor> StageMaps { get; init; } = [];

    /// <summary>
    /// Maps of probabilities that a method supervising every stage trains on: each stage's, and in a composition with a mask prompt the
    /// prompted one (divided by the number of stages where they are summed).
    /// </summary>
    public IEnumerable<Tensor> SupervisedMaps => Prompted is null ? StageMaps : StageMaps.Append(Prompted / Prompted.sum(1, keepdim: true));
}
