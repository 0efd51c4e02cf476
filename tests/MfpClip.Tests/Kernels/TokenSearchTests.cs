using MfpClip.Kernels;
using static TorchSharp.torch;

namespace MfpClip.Tests.Kernels;

/// <summary>The fused search against libtorch's product and top k.</summary>
public sealed class TokenSearchTests
{
    [SkippableTheory]
    [InlineData(1, 1, 7, 1)]
    [InlineData(5, 3, 17, 3)]
    [InlineData(130, 1000, 33, 5)]
    [InlineData(400, 777, 352, 1)]
    [InlineData(64, 192, 48, 32)]
    public void It_finds_what_a_product_and_its_highest_values_are(int queries, int tokens, int width, int count)
    {
        using var scope = NewDisposeScope();
        var (q, t) = (Random(queries, width, 1), Random(tokens, width, 2));
        var bias = Random(tokens, 1, 3).flatten();
        SkipWithout(t);
        using var search = new TokenSearch(t, bias);

        var (values, rows) = search.Highest(q, count, default);

        var products = matmul(q.to_type(ScalarType.Float64), t.to_type(ScalarType.Float64).t()) + bias; // [N, M]
        var (expected, places) = products.topk(count, dim: 1);
        Assert.True((values - expected).abs().max().item<double>() < 1e-4);
        Assert.True(products.gather(1, rows).sub(expected).abs().max().item<double>() < 1e-4);
        Assert.Equal(places.select(1, 0).data<long>().ToArray(), rows.select(1, 0).contiguous().data<long>().ToArray());
    }

    [SkippableFact]
    public void Of_equal_products_the_first_stored_comes_first()
    {
        using var scope = NewDisposeScope();
        var one = Random(1, 20, 1);
        var t = cat([one.neg(), one, one, one.neg(), one], 0);
        SkipWithout(t);
        using var search = new TokenSearch(t);

        Assert.Equal([1, 2, 4, 0, 3], search.Highest(one, 5, default).Rows.data<long>().ToArray());
    }

    [SkippableFact]
    public void A_query_that_is_not_a_number_has_no_product_that_is_one()
    {
        using var scope = NewDisposeScope();
        var t = Random(50, 20, 2);
        var q = Random(2, 20, 1);
        q[0, 3] = float.NaN;
        SkipWithout(t);
        using var search = new TokenSearch(t);

        float[] values = search.Highest(q, 2, default).Values.data<float>().ToArray();

        Assert.All(values[..2], v => Assert.True(float.IsNaN(v)));
        Assert.All(values[2..], v => Assert.True(float.IsFinite(v)));
    }

    [SkippableFact]
    public void Excluded_tokens_are_left_out_of_the_search_of_their_query_alone()
    {
        using var scope = NewDisposeScope();
        var random = new Random(4);
        var (q, t) = (Random(150, 24, 1), Random(900, 24, 2));
        SkipWithout(t);
        using var search = new TokenSearch(t);
        var excluded = Enumerable.Range(0, 150)
            .Select(i => i == 77 ? [.. Enumerable.Range(0, 900)] : Enumerable.Range(0, 900).Where(_ => random.Next(20) == 0).ToArray()).ToList();

        var (values, rows) = search.Highest(q, 3, default, new(excluded));

        var products = matmul(q.to_type(ScalarType.Float64), t.to_type(ScalarType.Float64).t());
        for (int i = 0; i < 150; i++)
        {
            products[i].index_fill_(0, tensor(excluded[i].Select(e => (long)e).ToArray(), dtype: ScalarType.Int64), double.NegativeInfinity);
        }

        var (expected, places) = products.topk(3, dim: 1);
        var known = Enumerable.Range(0, 150).Where(i => i != 77).Select(i => (long)i).ToArray();
        Assert.True((values - expected)[tensor(known)].abs().max().item<double>() < 1e-4);
        Assert.Equal(places[tensor(known)].data<long>().ToArray(), rows[tensor(known)].data<long>().ToArray());
        Assert.All(values[77].data<float>().ToArray(), v => Assert.True(float.IsNaN(v)));
    }

    [SkippableFact]
    public void A_query_has_the_same_bits_alone_and_among_others_and_nothing_stays()
    {
        using var scope = NewDisposeScope();
        var (q, t) = (Random(333, 64, 1), Random(500, 64, 2));
        SkipWithout(t);
        using var search = new TokenSearch(t);
        float[] all = search.Highest(q, 3, default).Values.data<float>().ToArray();
        long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        Parallel.For(0, 40, i =>
        {
            using var inner = NewDisposeScope();
            Assert.Equal(all[(i * 3)..((i * 3) + 3)], search.Highest(q.narrow(0, i, 1), 3, default).Values.data<float>().ToArray());
        });

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        Assert.ThrowsAny<OperationCanceledException>(() => search.Highest(q, 1, new CancellationToken(canceled: true)));
        Assert.Throws<ArgumentOutOfRangeException>(() => search.Highest(q.narrow(1, 0, 63), 1, default));
    }

    private static void SkipWithout(Tensor tokens) => Skip.IfNot(TokenSearch.Serves(tokens), "This processor has no AVX-512: libtorch's operators serve.");

    private static Tensor Random(int rows, int columns, int seed)
    {
        var random = new Random(seed);
        return tensor(Enumerable.Range(0, rows * columns).Select(_ => (float)(random.NextDouble() - 0.5)).ToArray(), [rows, columns]);
    }
}
