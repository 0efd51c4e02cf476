using MfpClip.Backbones;

namespace MfpClip.Modules.MultiPatch;

/// <summary>
/// Multi-patch feature aggregation, MPFA (paper section 3.4; docs/method.md section 4): patch tokens into the joint space, then neighbourhoods.
/// </summary>
public interface IPatchAggregator : IDetectorModule
{
    /// <summary>Projects the patch tokens of a stage into the joint space: Z_i before aggregation.</summary>
    /// <param name="stage">1-based stage.</param>
    /// <param name="patchTokens">E_i without class token, <c>[B, g * g', D]</c>, in the tower's precision.</param>
    /// <param name="rows">Patches down.</param>
    /// <param name="columns">Patches across.</param>
    /// <param name="vision">Frozen vision tower, for projections that use CLIP's own.</param>
    /// <returns>float32 <c>[B, C, rows, columns]</c>.</returns>
    Tensor Project(int stage, Tensor patchTokens, int rows, int columns, IVisionTower vision);

    /// <summary>Averages each position over its neighbourhood.</summary>
    /// <param name="projected"><c>[B, C, rows, columns]</c>.</param>
    /// <returns>Z_i, same shape.</returns>
    Tensor Aggregate(Tensor projected);
}

/// <summary>A patch aggregation around another one, which it owns; override what is to change.</summary>
/// <param name="inner">The wrapped module.</param>
public abstract class DelegatingPatchAggregator(IPatchAggregator inner) : DelegatingModule<IPatchAggregator>(inner), IPatchAggregator
{
    /// <inheritdoc/>
    public virtual Tensor Project(int stage, Tensor patchTokens, int rows, int columns, IVisionTower vision) =>
        Inner.Project(stage, patchTokens, rows, columns, vision);

    /// <inheritdoc/>
    public virtual Tensor Aggregate(Tensor projected) => Inner.Aggregate(projected);
}
