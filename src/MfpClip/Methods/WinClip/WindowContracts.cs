namespace MfpClip.Methods.WinClip;

/// <summary>Which windows of the patch grid are read (WinCLIP, arXiv 2303.14814, section 4.2). Safe for concurrent callers.</summary>
public interface IWindowPlan
{
    /// <summary>For <see cref="IZeroShotDetector.Description"/>.</summary>
    StageDescription Describe();

    /// <summary>The windows of every scale.</summary>
    /// <param name="rows">Patches down.</param>
    /// <param name="columns">Patches across.</param>
    IReadOnlyList<WindowSet> Windows(int rows, int columns);
}

/// <summary>The windows of one scale, all of as many patches.</summary>
/// <param name="Scale">Side of a window in patches, or another number that names the set.</param>
/// <param name="Windows">Patches of each window, row-major indices into the grid without class token.</param>
public sealed record WindowSet(int Scale, IReadOnlyList<IReadOnlyList<int>> Windows);

/// <summary>
/// From scores of windows to scores of patches (WinCLIP section 4.2). Safe for concurrent callers; results are fresh tensors in the caller's dispose scope.
/// </summary>
public interface IWindowAggregator
{
    /// <summary>For <see cref="IZeroShotDetector.Description"/>.</summary>
    StageDescription Describe();

    /// <summary>Gives every patch a score from the windows that cover it.</summary>
    /// <param name="scores">Scores of the windows of one scale, float32 <c>[B, n]</c>.</param>
    /// <param name="windows">Patches of each window, int64 <c>[n, k]</c>.</param>
    /// <param name="patches">Number of patches N.</param>
    /// <returns><c>[B, N]</c>; 0 where no window covers a patch.</returns>
    Tensor Spread(Tensor scores, Tensor windows, int patches);

    /// <summary>Joins the scales and the image's own score: the zero-shot map (section 4.2).</summary>
    /// <param name="imageScores"><c>[B]</c>.</param>
    /// <param name="scales">Each <c>[B, N]</c>.</param>
    /// <returns><c>[B, N]</c>.</returns>
    Tensor Fuse(Tensor imageScores, IReadOnlyList<Tensor> scales);

    /// <summary>Joins distances to the references at patch scale and every window scale: the few-shot map (section 4.3).</summary>
    /// <param name="scales">Each <c>[B, N]</c>.</param>
    /// <returns><c>[B, N]</c>.</returns>
    Tensor FuseAssociations(IReadOnlyList<Tensor> scales);
}
