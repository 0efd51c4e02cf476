namespace MfpClip.Methods.WinClip;

/// <summary>Square windows of every scale that slide over the patch grid, in row-major order of their top-left patch (section 4.2).</summary>
/// <param name="scales">Sides of the windows in patches; 2 and 3 in the paper.</param>
/// <param name="stride">Patches from window to window; 1 in the paper.</param>
public sealed class SlidingWindows(IReadOnlyList<int> scales, int stride = 1) : IWindowPlan
{
    /// <inheritdoc/>
    public StageDescription Describe() => new()
    {
        Stage = "windows",
        Component = "sliding square windows over the patch grid",
        Options = new Dictionary<string, string>
        {
            ["scales"] = string.Join(", ", scales.Select(s => FormattableString.Invariant($"{s} x {s}"))),
            ["stride"] = FormattableString.Invariant($"{stride}"),
        },
    };

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A window is larger than the grid.</exception>
    public IReadOnlyList<WindowSet> Windows(int rows, int columns) => [.. scales.Select(k => new WindowSet(k, Slide(k, rows, columns)))];

    private List<IReadOnlyList<int>> Slide(int k, int rows, int columns)
    {
        if (k > rows || k > columns)
        {
            throw new ArgumentException($"A window of {k} x {k} patches does not fit a grid of {rows} x {columns}. Use a larger image or smaller scales.");
        }

        return
        [
            .. from top in Steps(rows - k)
               from left in Steps(columns - k)
               select (IReadOnlyList<int>)[.. from y in Enumerable.Range(top, k) from x in Enumerable.Range(left, k) select (y * columns) + x],
        ];
    }

    // With a stride, the last window still ends at the border: no patch is left out.
    private IEnumerable<int> Steps(int last)
    {
        for (var at = 0; at < last; at += stride)
        {
            yield return at;
        }

        yield return last;
    }
}
