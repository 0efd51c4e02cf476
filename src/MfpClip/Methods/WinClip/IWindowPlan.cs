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
