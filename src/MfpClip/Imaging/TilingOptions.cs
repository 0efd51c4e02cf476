namespace MfpClip.Imaging;

/// <summary>
/// How a large image is cut into overlapping square tiles, each of which the method reads like an image of its own; their maps are put together without
/// seams. For defects that are smaller than a patch once the whole image is resized to the model's input. Any method. See docs/tiling.md.
/// </summary>
/// <remarks>Tiling a single image is this library's own addition; no method's paper has it.</remarks>
/// <example>
/// <code>
/// using var detector = builder.WithTiling(new TilingOptions { SmallestDefect = 8 }).Build();
/// </code>
/// </example>
public sealed record TilingOptions
{
    internal const int SmallestSide = 16, LargestSide = 8192;

    /// <summary>Side of a tile in pixels of the image.</summary>
    /// <value>
    /// Default <see langword="null"/>: chosen for <see cref="SmallestDefect"/>, so that the smallest defect takes a patch of the model's input; never
    /// less than half the input's side, for more enlargement shows nothing new.
    /// </value>
    public int? TileSize { get; init; }

    /// <summary>Fraction of a tile that its neighbour shows too, at least; from 0 to 0.5. Maps are blended there.</summary>
    /// <value>Default 0.25.</value>
    public double Overlap { get; init; } = 0.25;

    /// <summary>
    /// Length of the smallest defect that matters: in pixels of the image, or in millimetres where <see cref="MillimetresPerPixel"/> is set.
    /// </summary>
    /// <value>Default <see langword="null"/>: two patches of the model, so that a tile is shrunk to half.</value>
    public double? SmallestDefect { get; init; }

    /// <summary>What a pixel of the image shows, in millimetres.</summary>
    /// <value>Default <see langword="null"/>: <see cref="SmallestDefect"/> counts pixels.</value>
    public double? MillimetresPerPixel { get; init; }

    /// <summary>How the whole image, resized to the model's input as without tiles, joins in: it sees what is larger than a tile.</summary>
    /// <value>Default <see cref="WholeImageJoin.None"/>.</value>
    public WholeImageJoin WholeImage { get; init; }

    /// <summary>
    /// Values of the map that the tiles are put together in, at most. Maps of larger images are coarser than their pixels; regions and contours are in pixels
    /// of the image all the same. Bounds memory: four bytes a value.
    /// </summary>
    /// <value>Default 64 million.</value>
    public int MaximumMapPixels { get; init; } = 64_000_000;

    /// <summary>
    /// Images of more bytes than this, three a pixel, are read by rows where the decoder can (<see cref="IImageRowDecoder"/>), so that one row of tiles is held
    /// at a time. Others are decoded as a whole.
    /// </summary>
    /// <value>Default 256 MiB.</value>
    public long MaximumImageBytes { get; init; } = 256L << 20;

    /// <summary>What an image that is read by rows may cost. <see cref="ImageLimits"/> bounds those that are decoded as a whole.</summary>
    public RowLimits Rows { get; init; } = new();

    /// <summary>Tiles of one image at most; more is an error, for that image.</summary>
    /// <value>Default 50,000.</value>
    public int MaximumTiles { get; init; } = 50_000;

    /// <summary>The smallest defect in pixels of the image; <see langword="null"/>: not said.</summary>
    internal double? SmallestDefectPixels => SmallestDefect / (MillimetresPerPixel ?? 1);

    /// <summary>What is wrong with the options.</summary>
    internal IEnumerable<string> Faults()
    {
        if (TileSize is < SmallestSide or > LargestSide)
        {
            yield return $"Tiling: the tile size is {TileSize}; it must be from {SmallestSide} to {LargestSide} pixels.";
        }

        if (!(Overlap is >= 0 and <= 0.5))
        {
            yield return FormattableString.Invariant($"Tiling: the overlap is {Overlap}; it must be from 0 to 0.5 of a tile.");
        }

        if (SmallestDefect is { } defect && !(defect > 0 && double.IsFinite(defect)))
        {
            yield return FormattableString.Invariant($"Tiling: the smallest defect is {SmallestDefect}; it must be above 0.");
        }

        if (MillimetresPerPixel is { } millimetres && !(millimetres > 0 && double.IsFinite(millimetres)))
        {
            yield return FormattableString.Invariant($"Tiling: a pixel shows {MillimetresPerPixel} millimetres; it must be above 0.");
        }

        if (MillimetresPerPixel is not null && SmallestDefect is null)
        {
            yield return "Tiling: MillimetresPerPixel is the unit of SmallestDefect, which is not given; give it, or leave the unit out.";
        }

        if (TileSize is not null && SmallestDefect is not null)
        {
            yield return "Tiling: TileSize and SmallestDefect both say how large a tile is; leave one of them out.";
        }

        if (!Enum.IsDefined(WholeImage))
        {
            yield return $"Tiling: the way {WholeImage} of joining the whole image is not known.";
        }

        if (MaximumMapPixels < 1 || MaximumImageBytes < 1 || MaximumTiles < 1 || Rows.MaximumPixels < 1 || Rows.MaximumMemory < 1)
        {
            yield return "Tiling: the limits must be at least 1.";
        }
    }
}

/// <summary>How the pass over the whole image joins the tiles.</summary>
public enum WholeImageJoin
{
    /// <summary>It is not run.</summary>
    None,

    /// <summary>The higher of both values in every pixel, and of both scores.</summary>
    Maximum,

    /// <summary>The mean of both values in every pixel, and of both scores.</summary>
    Mean,
}
