using MfpClip.Execution;

namespace MfpClip.Modules.Scoring;

/// <summary>From class token, texts, map and features to the image score (docs/method.md section 7).</summary>
public interface IAnomalyScorer : IDetectorModule
{
    /// <summary>Scores images.</summary>
    /// <param name="context">What the forward pass has found out about them.</param>
    ImageScore Score(ScoreContext context);
}

/// <summary>An image score; tensors belong to the caller's dispose scope.</summary>
/// <param name="Score">S in [0,1], <c>[B]</c>.</param>
/// <param name="Logits">
/// What the class comparison was made of, <c>[B, 2]</c>: normal, abnormal, before the softmax, for losses that want them;
/// <see langword="null"/> where the score compares nothing.
/// </param>
public sealed record ImageScore(Tensor Score, Tensor? Logits = null);

/// <summary>What a scorer may read. The tensors stay the forward pass's own.</summary>
public sealed class ScoreContext
{
    /// <summary>v, class embedding, L2-normalised <c>[B, C]</c>.</summary>
    public required Tensor ClassEmbedding { get; init; }

    /// <summary>The same before normalisation, in the tower's precision, <c>[B, C]</c>.</summary>
    public required Tensor RawClassEmbedding { get; init; }

    /// <summary>t, text embeddings, L2-normalised <c>[B, 2, C]</c> (B may be 1).</summary>
    public required Tensor Texts { get; init; }

    /// <summary>M before smoothing, 0 outside the region of interest, <c>[B, H, W]</c>.</summary>
    public required Tensor Map { get; init; }

    /// <summary>Z_i of each stage as the coarse map saw them, <c>[B, C, g, g']</c>.</summary>
    public required IReadOnlyList<Tensor> Features { get; init; }

    /// <summary>The map's logits of one stage, see <see cref="IAnomalyMapGenerator.PatchLogits"/>.</summary>
    public required Func<Tensor, Tensor, Tensor> PatchLogits { get; init; }

    /// <summary>What the forward pass runs under; intermediates of one's own go to its trace.</summary>
    /// <value>Default <see cref="ForwardContext.Default"/>.</value>
    public ForwardContext Context { get; init; } = ForwardContext.Default;

    /// <summary>Logits of every stage on its grid, fresh tensors <c>[B, 2, g, g']</c>: normal, abnormal.</summary>
    public IReadOnlyList<Tensor> StageLogits() => [.. Features.Select(z => PatchLogits(z, Texts))];
}

/// <summary>An anomaly score around another one, which it owns; override what is to change.</summary>
/// <param name="inner">The wrapped module.</param>
public abstract class DelegatingAnomalyScorer(IAnomalyScorer inner) : DelegatingModule<IAnomalyScorer>(inner), IAnomalyScorer
{
    /// <inheritdoc/>
    public virtual ImageScore Score(ScoreContext context) => Inner.Score(context);
}
