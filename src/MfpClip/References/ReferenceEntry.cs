namespace MfpClip.References;

/// <summary>One stored image: its tokens in coreset order and what the method itself said of it. Owns its tensor.</summary>
/// <param name="Id">From the pixels.</param>
/// <param name="Name">For people.</param>
/// <param name="Width">In pixels.</param>
/// <param name="Height">In pixels.</param>
/// <param name="Rows">Rows of the grid.</param>
/// <param name="Columns">Columns of the grid.</param>
/// <param name="Tokens">Unit vectors <c>[K, D]</c> in greedy order, float32 on the CPU.</param>
/// <param name="Cells">Cell of each token.</param>
/// <param name="Map">The method's own map, averaged in each cell, all of them row by row.</param>
/// <param name="Score">The method's own score.</param>
internal sealed record ReferenceEntry(
    string Id, string Name, int Width, int Height, int Rows, int Columns, Tensor Tokens, int[] Cells, float[] Map, float Score) : IDisposable
{
    /// <summary>Another handle on the same memory, cut to the first <paramref name="most"/> tokens.</summary>
    public ReferenceEntry Truncate(int most)
    {
        int kept = Math.Min(most, Cells.Length);
        using var scope = torch.NewDisposeScope();
        // A prefix is copied, so that the rest can be freed.
        var tokens = kept == Cells.Length ? Tokens.alias() : Tokens.narrow(0, 0, kept).clone();
        return this with { Tokens = tokens.DetachFromDisposeScope(), Cells = Cells[..kept] };
    }

    public void Dispose() => Tokens.Dispose();
}
