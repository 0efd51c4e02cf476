namespace MfpClip.Imaging.Tiles;

/// <summary>The tiles of one image: a grid of squares that overlap.</summary>
internal sealed class TileLayout
{
    /// <summary>Images whose longer side is at most this many tiles are one tile: they are read as without tiling.</summary>
    private const double OneTile = 1.25;

    private TileLayout(TileAxis across, TileAxis down, bool isWhole) => (Across, Down, IsWhole) = (across, down, isWhole);

    public TileAxis Across { get; }

    public TileAxis Down { get; }

    /// <summary>Whether the image is small enough to be read as a whole.</summary>
    public bool IsWhole { get; }

    public int Width => Across.Length;

    public int Height => Down.Length;

    /// <summary>Side of a tile in pixels of the image.</summary>
    public int Side => Across.Side;

    public int Count => IsWhole ? 1 : Across.Lefts.Count * Down.Lefts.Count;

    /// <summary>The tiles of an image.</summary>
    /// <param name="name">Name of the image.</param>
    /// <param name="width">Width of the image.</param>
    /// <param name="height">Its height.</param>
    /// <param name="options">How it is cut.</param>
    /// <param name="model">What a tile is resized to.</param>
    /// <exception cref="ImageDecodeException">There would be too many.</exception>
    public static TileLayout For(string name, int width, int height, TilingOptions options, TileInput model)
    {
        int side = Math.Clamp(options.TileSize ?? model.Side(options.SmallestDefectPixels), TilingOptions.SmallestSide, TilingOptions.LargestSide);
        bool whole = Math.Max(width, height) <= OneTile * side;
        // A tile is no wider than the image, unless that would enlarge it too much.
        side = Math.Min(side, Math.Max(Math.Min(width, height), Math.Min(side, model.LeastSide)));
        TileAxis Axis(int length, double from, double seen) => new(length, side, options.Overlap, from * side, seen * side);
        var seen = model.Seen;
        var layout = new TileLayout(Axis(width, seen.X, seen.Width), Axis(height, seen.Y, seen.Height), whole);
        long count = layout.Across.Lefts.Count * (long)layout.Down.Lefts.Count;
        string? fault = whole ? null
            : count > options.MaximumTiles ? $"it would be cut into {layout.Across.Lefts.Count} x {layout.Down.Lefts.Count} tiles of {side} pixels, more than "
                + $"the limit of {options.MaximumTiles} (TilingOptions.MaximumTiles). Set a larger tile or smallest defect."
            : (long)side * width * 3 > int.MaxValue ? $"a row of tiles of {side} pixels would take more than 2 GiB. Set a smaller tile." : null;
        return fault is null ? layout : throw new ImageDecodeException(name, fault);
    }
}

/// <summary>What becomes of a tile on its way into the model.</summary>
/// <param name="Size">Side of the model's input in pixels.</param>
/// <param name="Patch">Side of a patch of it.</param>
/// <param name="Seen">The part of a tile that the model sees, as fractions of its sides.</param>
internal sealed record TileInput(int Size, int Patch, CoveredArea Seen)
{
    /// <summary>Side of a patch where a method has none.</summary>
    public const int DefaultPatch = 16;

    /// <summary>Smallest tile that is chosen without being asked for: enlarged twice.</summary>
    public int LeastSide => Math.Max(Size / 2, 1);

    /// <summary>What a preprocessor makes of a tile.</summary>
    public static TileInput Of(IImagePreprocessor preprocessor, int patch)
    {
        int side = preprocessor.Size;
        var covered = preprocessor.Prepare(new(side, side, new byte[side * side * 3])).Covered;
        return new(side, patch, new(covered.X / side, covered.Y / side, covered.Width / side, covered.Height / side));
    }

    /// <summary>Side of a tile in which a defect of this many pixels takes a patch.</summary>
    /// <param name="defect">In pixels; <see langword="null"/>: two patches, so that tiles are shrunk to half.</param>
    public int Side(double? defect) => (int)Math.Clamp((defect ?? (2 * Patch)) * Size / Patch, LeastSide, TilingOptions.LargestSide);
}
