using MfpClip.Imaging.Tiles;

namespace MfpClip.References;

/// <summary>One entry of a reference image that was read in tiles: tokens of all tiles, each at its place in the image.</summary>
internal static class TiledReference
{
    /// <summary>Puts the entries of tiles together, and disposes them. The result is the caller's.</summary>
    /// <param name="width">Width of the image.</param>
    /// <param name="height">Its height.</param>
    /// <param name="layout">Its tiles.</param>
    /// <param name="tiles">At least one, with grids of one size.</param>
    /// <param name="whole">Of the whole image, where it joins in; <see langword="null"/>: not stored.</param>
    public static ReferenceEntry Merge(
        int width, int height, TileLayout layout, IReadOnlyList<(int Column, int Row, ReferenceEntry Entry)> tiles, ReferenceEntry? whole)
    {
        var all = tiles.Select(t => t.Entry).Concat(whole is null ? [] : [whole]).ToList();
        try
        {
            using var scope = torch.NewDisposeScope();
            using var guard = torch.no_grad();
            var map = Map(layout, tiles);
            var places = new List<(int Tile, int Rank, int Cell, bool IsTurned)>();
            for (int t = 0; t < all.Count; t++)
            {
                var entry = all[t];
                for (int i = 0; i < entry.Cells.Length; i++)
                {
                    // Copies that are turned, and the whole image, show nothing at a place of the grid.
                    bool turned = t == tiles.Count || entry.Cells[i] >= entry.Rows * entry.Columns;
                    places.Add((t, i, turned ? map.Width * map.Height : Cell(layout, tiles[t], entry.Cells[i], map), turned));
                }
            }

            // Where tokens come in the order of a coreset, its first are those of every tile.
            bool ordered = all.All(e => e.IsOrdered);
            int[] starts = [.. all.Select((_, t) => all.Take(t).Sum(e => e.Cells.Length))];
            var order = ordered ? places.OrderBy(p => p.IsTurned).ThenBy(p => p.Rank).ThenBy(p => p.Tile) : places.OrderBy(p => p.IsTurned).ThenBy(p => p.Tile);
            var sorted = order.ToList();
            var tokens = torch.cat([.. all.Select(e => e.Tokens)], 0)
                .index_select(0, torch.tensor(sorted.Select(p => (long)(starts[p.Tile] + p.Rank)).ToArray()));
            return all[0] with
            {
                Width = width, Height = height, Rows = map.Height, Columns = map.Width, Tokens = tokens.DetachFromDisposeScope(),
                Cells = [.. sorted.Select(p => p.Cell)], Map = map.Data, Score = tiles.Max(t => t.Entry.Score), Others = Others(all), IsOrdered = ordered,
            };
        }
        finally
        {
            all.ForEach(e => e.Dispose());
        }
    }

    private static AnomalyMap Map(TileLayout layout, IReadOnlyList<(int Column, int Row, ReferenceEntry Entry)> tiles)
    {
        var first = tiles[0].Entry;
        var mosaic = new MapMosaic(layout, first.Columns, first.Rows, int.MaxValue);
        foreach (var (column, row, entry) in tiles)
        {
            mosaic.Add(column, row, new(entry.Columns, entry.Rows, entry.Map));
        }

        return mosaic.ToMap();
    }

    // The cell of the image's grid in which the middle of a tile's cell lies.
    private static int Cell(TileLayout layout, (int Column, int Row, ReferenceEntry Entry) tile, int cell, AnomalyMap map)
    {
        var ((left, width), (top, height)) = (layout.Across.Seen(tile.Column), layout.Down.Seen(tile.Row));
        double x = left + (((cell % tile.Entry.Columns) + 0.5) * width / tile.Entry.Columns);
        double y = top + (((cell / tile.Entry.Columns) + 0.5) * height / tile.Entry.Rows);
        int column = Math.Clamp((int)(x * map.Width / layout.Width), 0, map.Width - 1);
        int row = Math.Clamp((int)(y * map.Height / layout.Height), 0, map.Height - 1);
        return (row * map.Width) + column;
    }

    // Moments are added up, tokens are joined.
    private static Dictionary<string, Tensor> Others(IReadOnlyList<ReferenceEntry> all)
    {
        string[] moments = [.. TokenMoments.Prefixes(all[0])];
        var others = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (string prefix in moments)
        {
            using var sum = TokenMoments.Sum(all, prefix, torch.CPU);
            foreach (var (name, tensor) in TokenMoments.Of(sum, prefix))
            {
                others[name] = tensor;
            }
        }

        foreach (string name in all[0].Others.Keys.Where(n => !others.ContainsKey(n)))
        {
            others[name] = torch.cat([.. all.Select(e => e.Others[name])], 0).DetachFromDisposeScope();
        }

        return others;
    }
}
