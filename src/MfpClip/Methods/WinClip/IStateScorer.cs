using MfpClip.Tensors;

namespace MfpClip.Methods.WinClip;

/// <summary>From an embedding and the two states to a probability (WinCLIP section 3). Safe for concurrent callers.</summary>
public interface IStateScorer
{
    /// <summary>For <see cref="IZeroShotDetector.Description"/>.</summary>
    StageDescription Describe();

    /// <summary>How abnormal each embedding is.</summary>
    /// <param name="embeddings">Not normalised, float32 <c>[..., C]</c>.</param>
    /// <param name="texts">L2-normalised float32 <c>[2, C]</c>, normal first.</param>
    /// <returns>In [0,1], <c>[...]</c>, in the caller's dispose scope.</returns>
    Tensor Score(Tensor embeddings, Tensor texts);
}

/// <summary>Softmax over the states of the cosine over a fixed temperature; the checkpoint's own logit scale is not used (section 3).</summary>
/// <param name="temperature">tau; 0.07 in the paper.</param>
internal sealed class TemperatureScorer(double temperature) : IStateScorer
{
    public StageDescription Describe() => new()
    {
        Stage = "state score",
        Component = "softmax of the cosine",
        Options = new Dictionary<string, string> { ["temperature"] = FormattableString.Invariant($"{temperature}") },
    };

    public Tensor Score(Tensor embeddings, Tensor texts)
    {
        using var scope = torch.NewDisposeScope();
        var cosine = MatrixProduct.Of(UnitVectors.Normalize(embeddings), texts.t()); // [..., 2]
        return (cosine / temperature).softmax(-1).select(-1, 1).MoveToOuterDisposeScope();
    }
}
