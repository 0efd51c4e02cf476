namespace MfpClip;

/// <summary>The tiles that an image was detected in.</summary>
/// <param name="Columns">Tiles across.</param>
/// <param name="Rows">Tiles down.</param>
/// <param name="Side">Side of a tile in pixels of the image.</param>
/// <param name="Skipped">Tiles that no pixel of the region of interest lies in: they were not computed.</param>
public sealed record ImageTiles(int Columns, int Rows, int Side, int Skipped)
{
    /// <summary>As text.</summary>
    public override string ToString() =>
        $"{Columns} x {Rows} tiles of {Side} pixels{(Skipped == 0 ? string.Empty : $", {Skipped} of them outside the region")}";
}

/// <summary>How far the tiles of one image are.</summary>
/// <param name="ImageName">The image.</param>
/// <param name="Done">Tiles that went through the model.</param>
/// <param name="Total">Tiles that will, and the whole image where it joins.</param>
public readonly record struct TileProgress(string ImageName, int Done, int Total);
