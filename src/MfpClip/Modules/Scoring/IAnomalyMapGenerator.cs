using MfpClip.Execution;

namespace MfpClip.Modules.Scoring;

/// <summary>From features and texts to a map (docs/method.md section 5).</summary>
public interface IAnomalyMapGenerator : IDetectorModule
{
    /// <summary>Compares every cell of the grids with both states.</summary>
    /// <param name="Z">
    /// Z_i of each stage, <c>[B, C, g, g']</c>; the grid may differ from stage to stage. Training asks for one stage alone, too: its loss is on each.
    /// </param>
    /// <param name="t">Text embeddings of each stage, L2-normalised <c>[B, 2, C]</c> (B may be 1).</param>
    /// <param name="height">Rows of the map, H.</param>
    /// <param name="width">Columns of the map, W.</param>
    /// <param name="context">What the forward pass runs under. Its trace sees the coarse map of all stages only, so that names mean one thing.</param>
    /// <returns>Probabilities, stages fused, <c>[B, 2, H, W]</c>: normal, abnormal.</returns>
    Tensor Map(IReadOnlyList<Tensor> Z, IReadOnlyList<Tensor> t, int height, int width, ForwardContext context);

    /// <summary>Logits of a stage on its grid, for scorers that weigh patches. Unless implemented: 100 times the cosine, CLIP's.</summary>
    /// <param name="z">Z_i, <c>[B, C, g, g']</c>.</param>
    /// <param name="t">L2-normalised <c>[B, 2, C]</c> (B may be 1).</param>
    /// <returns><c>[B, 2, g, g']</c>.</returns>
    Tensor PatchLogits(Tensor z, Tensor t) => AnomalyMapGenerator.Cosine(z, t, 100);

    /// <summary>Highest value that a map of so many stages can have. Unless implemented, 1.</summary>
    /// <param name="stages">Stages that are given to <see cref="Map"/>.</param>
    double Maximum(int stages) => 1;

    /// <summary>Last step of the finished map, after the score was read. Unless implemented, nothing.</summary>
    /// <param name="map">M, <c>[B, H, W]</c>.</param>
    /// <returns><c>[B, H, W]</c>.</returns>
    Tensor Smooth(Tensor map) => map.alias();
}

/// <summary>An anomaly map around another one, which it owns; override what is to change.</summary>
/// <param name="inner">The wrapped module.</param>
public abstract class DelegatingAnomalyMapGenerator(IAnomalyMapGenerator inner) : DelegatingModule<IAnomalyMapGenerator>(inner), IAnomalyMapGenerator
{
    /// <inheritdoc/>
    public virtual Tensor Map(IReadOnlyList<Tensor> Z, IReadOnlyList<Tensor> t, int height, int width, ForwardContext context) =>
        Inner.Map(Z, t, height, width, context);

    /// <inheritdoc/>
    public virtual Tensor PatchLogits(Tensor z, Tensor t) => Inner.PatchLogits(z, t);

    /// <inheritdoc/>
    public virtual double Maximum(int stages) => Inner.Maximum(stages);

    /// <inheritdoc/>
    public virtual Tensor Smooth(Tensor map) => Inner.Smooth(map);
}
