using CsCheck;
using MfpClip.References;

namespace MfpClip.Tests.References;

public class TokenSubspaceTests
{
    [Fact]
    public void Statistics_image_by_image_are_those_of_all_tokens()
    {
        Gen.Select(Gen.Int[1, 6], Gen.Int[1, 20], Gen.Int[1, 5], Gen.Int[1, 1000]).Sample((images, tokens, width, seed) =>
        {
            using var scope = torch.NewDisposeScope();
            var random = new Random(seed);
            var all = torch.tensor(Enumerable.Range(0, ((images * tokens) + 1) * width).Select(_ => 100 + random.NextDouble()).ToArray(),
                [(images * tokens) + 1, width]);
            using var statistics = new TokenStatistics();
            foreach (var part in all.split([tokens, .. Enumerable.Repeat((long)tokens, images - 1), 1]))
            {
                statistics.Add(part);
            }

            var centred = all - all.mean([0]);
            Assert.Equal(all.shape[0], statistics.Count);
            TensorAssert.Close(all.mean([0]), statistics.Mean, 1e-11);
            TensorAssert.Close(torch.matmul(centred.t(), centred) / (all.shape[0] - 1), statistics.Covariance(), 1e-11);
        }, iter: 40);
    }

    [Fact]
    public void The_covariance_about_another_mean_is_the_sum_of_outer_products_about_it()
    {
        using var scope = torch.NewDisposeScope();
        using var statistics = new TokenStatistics();
        statistics.Add(torch.tensor(new double[] { 1, 3 }).view(2, 1));

        // ((1 - 5)^2 + (3 - 5)^2) / (2 - 1)
        TensorAssert.Values([20], statistics.Covariance(torch.tensor(new double[] { 5 })), 1e-12);
    }

    [Fact]
    public void Tokens_of_a_plane_have_rank_two_and_the_residual_is_the_squared_height_above_it()
    {
        using var scope = torch.NewDisposeScope();
        using var statistics = new TokenStatistics();
        // The plane z = 7, more spread along x than along y.
        statistics.Add(torch.tensor(new double[,] { { 3, 0, 7 }, { -3, 0, 7 }, { 0, 1, 7 }, { 0, -1, 7 } }));
        using var plane = TokenSubspace.Fit(statistics.Mean, statistics.Covariance(), 0.99);
        using var line = TokenSubspace.Fit(statistics.Mean, statistics.Covariance(), 0.89);
        var token = torch.tensor(new double[,] { { 2, 1, 10 } });

        Assert.Equal(2, plane.Rank);
        Assert.Equal(1, line.Rank); // 18 of 20 are 0.9
        TensorAssert.Values([9], plane.Residuals(token), 1e-9);
        TensorAssert.Values([10], line.Residuals(token), 1e-9);
        TensorAssert.Values([5], plane.Residuals(token, SubspaceResidual.Euclidean), 1e-9);
        TensorAssert.Values([(4 / 6.0) + (1 / (2 / 3.0))], plane.Residuals(token, SubspaceResidual.Mahalanobis), 1e-5);
        TensorAssert.Values([9 + 4], plane.Residuals(token, dropped: 1), 1e-9);
        // its projection is (2, 1, 7)
        TensorAssert.Values([1 - (75 / Math.Sqrt(105 * 54))], plane.Residuals(token, SubspaceResidual.Cosine), 1e-6);
    }

    [Fact]
    public void Unusable_tokens_are_refused_and_change_nothing()
    {
        using var scope = torch.NewDisposeScope();
        using var statistics = new TokenStatistics();
        Assert.Throws<ReferenceException>(() => statistics.Covariance());
        statistics.Add(torch.eye(3));
        var before = statistics.Covariance();

        Assert.Throws<ReferenceException>(() => statistics.Add(torch.eye(4)));
        Assert.Throws<ReferenceException>(() => statistics.Add(torch.full([1, 3], float.PositiveInfinity)));
        Assert.Equal(3, statistics.Count);
        TensorAssert.Close(before, statistics.Covariance(), 0);
        using var equal = new TokenStatistics();
        equal.Add(torch.ones(5, 2));
        Assert.Contains("equal", Assert.Throws<ReferenceException>(() => TokenSubspace.Fit(equal.Mean, equal.Covariance(), 0.99)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void No_tensor_is_left_behind()
    {
        var tokens = torch.randn(20, 4);
        long before = LiveTensors.Settle();
        using (var statistics = new TokenStatistics())
        {
            statistics.Add(tokens);
            statistics.Add(tokens);
            using var covariance = statistics.Covariance();
            using var subspace = TokenSubspace.Fit(statistics.Mean, covariance, 0.9);
            subspace.Residuals(tokens).Dispose();
        }

        Assert.Equal(before, torch.Tensor.TotalCount);
        tokens.Dispose();
    }
}
