using MfpClip.Kernels;

namespace MfpClip.References;

/// <summary>
/// An image against the rest of itself, where it is the only reference: there is nothing to leave out but the place itself and those whose neighbourhoods
/// overlap with it.
/// </summary>
internal static class NearPlaces
{
    /// <summary>Cosine distances to the nearest token at another place, <c>[N]</c>, in the caller's scope; 2 where there is none.</summary>
    /// <param name="queries"><c>[N, D]</c>, where the memory is.</param>
    /// <param name="cells">Cell of each query.</param>
    /// <param name="entry">The image.</param>
    /// <param name="memory">Its tokens, <c>[M, D]</c>.</param>
    /// <param name="search">Searches the memory; <see langword="null"/>: libtorch does.</param>
    /// <param name="neighbourhood">Cells in a row or a column around the place that are left out, on each side.</param>
    /// <param name="cancellationToken">Checked between blocks.</param>
    public static Tensor Distances(
        Tensor queries, int[] cells, ReferenceEntry entry, Tensor memory, TokenSearch? search, int neighbourhood, CancellationToken cancellationToken)
    {
        var near = Of(cells, entry, neighbourhood);
        if (search is null || queries.dtype != ScalarType.Float32)
        {
            return NearestNeighbours.Distances(queries, memory, (query, token, similar) =>
            {
                near.Fill(similar, query, token, -1);
                return similar;
            }, cancellationToken);
        }

        using var scope = torch.NewDisposeScope();
        var values = search.Highest(queries, 1, cancellationToken, near).Values.flatten();
        var nothing = values.isnan().logical_and(queries.sum(1).isfinite());
        return (1 - values.masked_fill(nothing, -1)).clamp(0, 2).MoveToOuterDisposeScope();
    }

    /// <summary>Tokens around the place of each query. Turned copies, whose cells count on behind the grid's, are at no place.</summary>
    public static ExcludedTokens Of(int[] queries, ReferenceEntry entry, int neighbourhood)
    {
        int count = entry.Rows * entry.Columns;
        var at = entry.Cells.Select((cell, token) => (cell, token)).Where(c => c.cell < count).ToLookup(c => c.cell, c => c.token);
        var around = new Dictionary<int, int[]>();
        return new([.. queries.Select(cell => around.TryGetValue(cell, out int[]? known) ? known : around[cell] = Around(cell))]);

        int[] Around(int cell)
        {
            var (row, column) = (cell / entry.Columns, cell % entry.Columns);
            var near = new List<int>();
            for (int r = Math.Max(row - neighbourhood, 0); r <= Math.Min(row + neighbourhood, entry.Rows - 1); r++)
            {
                for (int c = Math.Max(column - neighbourhood, 0); c <= Math.Min(column + neighbourhood, entry.Columns - 1); c++)
                {
                    near.AddRange(at[(r * entry.Columns) + c]);
                }
            }

            near.Sort();
            return [.. near];
        }
    }
}
