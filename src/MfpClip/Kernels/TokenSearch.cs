using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using MfpClip.Parallelism;

namespace MfpClip.Kernels;

/// <summary>
/// The highest products of queries with stored tokens, in AVX-512, float32. Tokens are packed once; products are compared where they are computed, in the
/// second-level cache, instead of being written out and read again. The result does not depend on the number of threads or on the other queries.
/// </summary>
internal sealed unsafe class TokenSearch : IDisposable
{
    /// <summary>Most products of a query.</summary>
    public const int MostCount = 32;

    private const int RowsOfPiece = 64, Step = 4 * 3 * PanelProduct.Lanes;
    private readonly int _tokens, _width;
    private float* _packed;
    private float* _bias;

    /// <param name="tokens"><c>[M, D]</c>, M at least 1; copied.</param>
    /// <param name="bias"><c>[M]</c>, added to the products of each token; <see langword="null"/>: nothing.</param>
    public TokenSearch(Tensor tokens, Tensor? bias = null)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        (_tokens, _width) = (checked((int)tokens.shape[0]), checked((int)tokens.shape[1]));
        int padded = PanelProduct.Padded(_tokens);
        _packed = (float*)NativeMemory.AlignedAlloc((nuint)padded * (nuint)_width * sizeof(float), 64);
        _bias = (float*)NativeMemory.AlignedAlloc((nuint)padded * sizeof(float), 64);
        var values = tokens.detach().contiguous();
        var added = bias?.detach().contiguous();
        new Span<float>(_bias, padded).Clear();
        fixed (byte* t = values.bytes)
        {
            PanelProduct.Pack((float*)t, _width, _tokens, 1, _width, _packed);
        }

        if (added is not null)
        {
            fixed (byte* b = added.bytes)
            {
                new ReadOnlySpan<float>(b, _tokens).CopyTo(new Span<float>(_bias, padded));
            }
        }
    }

    ~TokenSearch() => Free();

    /// <summary>Whether it serves tokens like these.</summary>
    public static bool Serves(Tensor tokens) =>
        VectorMath.IsSupported && tokens.device.type == DeviceType.CPU && tokens.dtype == ScalarType.Float32
        && tokens.numel() <= int.MaxValue / sizeof(float); // the bytes of a tensor are a span

    /// <summary>
    /// The highest products of each query, descending; of equal ones the first stored first. A query that is not a number has products that are none.
    /// </summary>
    /// <param name="queries"><c>[N, D]</c>, float32 on the CPU.</param>
    /// <param name="count">How many, 1 to <see cref="MostCount"/> and M.</param>
    /// <param name="cancellationToken">Checked between pieces of the queries.</param>
    /// <param name="excluded">
    /// Tokens that a query is not compared with; <see langword="null"/>: none. A product that is missing because all others are excluded is NaN.
    /// </param>
    /// <returns>Products and the tokens' numbers, <c>[N, count]</c> each, in the caller's scope.</returns>
    public (Tensor Values, Tensor Rows) Highest(Tensor queries, int count, CancellationToken cancellationToken, ExcludedTokens? excluded = null)
    {
        ObjectDisposedException.ThrowIf(_packed is null, this);
        ArgumentOutOfRangeException.ThrowIfNotEqual(queries.shape[1], _width);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Math.Min(MostCount, _tokens));
        using var scope = torch.NewDisposeScope();
        int rows = (int)queries.shape[0];
        var from = queries.detach().contiguous();
        var values = torch.empty([rows, count], dtype: ScalarType.Float32);
        var numbers = torch.empty([rows, count], dtype: ScalarType.Int64);
        if (rows > 0)
        {
            fixed (byte* x = from.bytes, v = values.bytes, n = numbers.bytes)
            {
                var (source, to, at) = ((nint)x, (nint)v, (nint)n);
                ParallelTail.Run((rows + RowsOfPiece - 1) / RowsOfPiece, () => ThreadScratch.Rent(RowsOfPiece * Step), (scratch, piece, part, parts) =>
                {
                    int first = piece * RowsOfPiece, all = Math.Min(RowsOfPiece, rows - first);
                    int begin = first + (all * part / parts), end = first + (all * (part + 1) / parts);
                    if (begin < end && !cancellationToken.IsCancellationRequested)
                    {
                        Search((float*)source + ((long)begin * _width), begin, end - begin, count, (float*)to + ((long)begin * count),
                            (long*)at + ((long)begin * count), scratch.Floats, excluded);
                    }
                }, ThreadScratch.Return);
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
        GC.KeepAlive(this);
        return (values.MoveToOuterDisposeScope(), numbers.MoveToOuterDisposeScope());
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Search(float* x, int first, int rows, int count, float* values, long* numbers, float* products, ExcludedTokens? excluded)
    {
        new Span<float>(values, rows * count).Fill(float.NegativeInfinity);
        new Span<long>(numbers, rows * count).Clear();
        for (int token = 0; token < _tokens; token += Step)
        {
            int some = Math.Min(Step, _tokens - token);
            PanelProduct.Apply(x, _width, rows, _packed + ((long)token * _width), _width, some, _bias + token, products, Step, null, false);
            for (int row = 0; row < rows; row++)
            {
                var left = excluded is null ? [] : excluded.Of(first + row, token, some);
                foreach (int number in left)
                {
                    products[(row * Step) + number - token] = float.NegativeInfinity; // never higher than what is kept
                }

                Keep(products + (row * Step), some, token, count, values + (row * count), numbers + (row * count));
            }
        }

        for (int i = 0; i < rows * count; i++)
        {
            // Nothing was higher: the products are NaN, and must not pass for numbers.
            values[i] = float.IsNegativeInfinity(values[i]) ? float.NaN : values[i];
        }
    }

    // What is higher than the lowest that is kept, which becomes rare soon.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Keep(float* products, int some, int token, int count, float* values, long* numbers)
    {
        int j = 0;
        for (; j + PanelProduct.Lanes <= some; j += PanelProduct.Lanes)
        {
            if (Vector512.GreaterThanAny(Vector512.Load(products + j), Vector512.Create(values[count - 1])))
            {
                for (int i = j; i < j + PanelProduct.Lanes; i++)
                {
                    Insert(products[i], token + i, count, values, numbers);
                }
            }
        }

        for (; j < some; j++)
        {
            Insert(products[j], token + j, count, values, numbers);
        }
    }

    private static void Insert(float value, long number, int count, float* values, long* numbers)
    {
        if (!(value > values[count - 1]))
        {
            return;
        }

        int at = count - 1;
        for (; at > 0 && value > values[at - 1]; at--)
        {
            (values[at], numbers[at]) = (values[at - 1], numbers[at - 1]);
        }

        (values[at], numbers[at]) = (value, number);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(_packed);
        NativeMemory.AlignedFree(_bias);
        _packed = null;
        _bias = null;
    }
}
