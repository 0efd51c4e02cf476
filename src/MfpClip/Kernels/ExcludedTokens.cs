namespace MfpClip.Kernels;

/// <summary>Stored tokens that queries are not compared with, a few for each query.</summary>
internal sealed class ExcludedTokens
{
    private readonly int[] _starts; // of each query, and the end
    private readonly int[] _tokens; // of each query, ascending

    /// <param name="tokens">Numbers of stored tokens for each query, ascending.</param>
    public ExcludedTokens(IReadOnlyList<int[]> tokens)
    {
        _starts = new int[tokens.Count + 1];
        for (int query = 0; query < tokens.Count; query++)
        {
            _starts[query + 1] = checked(_starts[query] + tokens[query].Length);
        }

        _tokens = [.. tokens.SelectMany(t => t)];
    }

    /// <summary>Those of a query from one token on.</summary>
    /// <param name="query">Its number.</param>
    /// <param name="first">The first token.</param>
    /// <param name="count">How many tokens.</param>
    public ReadOnlySpan<int> Of(int query, int first, int count)
    {
        var all = _tokens.AsSpan(_starts[query], _starts[query + 1] - _starts[query]);
        int begin = AtLeast(all, first);
        return all[begin..AtLeast(all, first + count)];
    }

    /// <summary>Writes a value over the similarities of a block that do not count.</summary>
    /// <param name="similarities"><c>[n, m]</c>; changed.</param>
    /// <param name="firstQuery">Of the block.</param>
    /// <param name="firstToken">Of the block.</param>
    /// <param name="value">What is written.</param>
    public void Fill(Tensor similarities, long firstQuery, long firstToken, float value)
    {
        using var scope = torch.NewDisposeScope();
        var (rows, columns) = (new List<long>(), new List<long>());
        for (int row = 0; row < similarities.shape[0]; row++)
        {
            foreach (int token in Of((int)firstQuery + row, (int)firstToken, (int)similarities.shape[1]))
            {
                rows.Add(row);
                columns.Add(token - firstToken);
            }
        }

        var at = torch.tensor(rows.Zip(columns, (row, column) => (row * similarities.shape[1]) + column).ToArray(), dtype: ScalarType.Int64);
        similarities.view(-1).index_fill_(0, at.to(similarities.device), value);
    }

    private static int AtLeast(ReadOnlySpan<int> ascending, int value)
    {
        int at = ascending.BinarySearch(value);
        return at < 0 ? ~at : at;
    }
}
