namespace MfpClip.Imaging.Tiles;

/// <summary>Says where an image is resized so much that defects vanish in a patch.</summary>
/// <param name="size">Side of the model's input.</param>
/// <param name="patch">Side of a patch of it.</param>
internal sealed class ImageShrinkage(int size, int patch)
{
    // Data sets of the field have 700 to 1500 pixels a side, the models 224 to 518: up to there nothing is said.
    private const double Much = 4;

    /// <summary>A notice, or none.</summary>
    public IReadOnlyList<string> Of(int width, int height)
    {
        double shrunk = (double)Math.Max(width, height) / size;
        return shrunk < Much ? [] :
        [
            FormattableString.Invariant($"The image has {width} x {height} pixels and is shrunk {shrunk:0.#} times: a defect of fewer than {patch * shrunk:0} ")
                + "pixels is smaller than a patch of the model. Tiles read it at its own scale: WithTiling, --tile auto on the command line (docs/tiling.md).",
        ];
    }

    /// <summary>The same of a tile, for the smallest defect that matters.</summary>
    public IReadOnlyList<string> OfTile(int side, double? smallestDefect)
    {
        double shrunk = (double)side / size;
        return smallestDefect is not { } defect || defect / shrunk >= patch / 2.0 - 0.5 ? [] :
        [
            FormattableString.Invariant($"Tiles of {side} pixels show the smallest defect, of {defect:0.#} pixels, with {defect / shrunk:0.#} pixels in the ")
                + $"model's input, less than half a patch of {patch}: it may be missed. A larger picture of the part is needed.",
        ];
    }
}
