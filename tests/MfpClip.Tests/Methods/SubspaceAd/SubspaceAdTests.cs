using MfpClip.Methods.SubspaceAd;
using MfpClip.References;

namespace MfpClip.Tests.Methods.SubspaceAd;

public sealed class SubspaceAdTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Theory]
    [InlineData(RotationDraw.Once, 5)]
    [InlineData(RotationDraw.EachPass, 10)]
    public void Rotations_are_drawn_from_the_seed_for_every_image(RotationDraw draw, int count)
    {
        var options = new SubspaceAdOptions { RotatedCopies = 5, RotationDraw = draw, LargestRotation = 100, Seed = 3 };
        using var fit = new SubspaceFit(options);
        using var same = new SubspaceFit(options);
        using var other = new SubspaceFit(options with { Seed = 4 });

        Assert.Equal(count, fit.Rotations(0).Distinct().Count());
        Assert.All(fit.Rotations(0), a => Assert.InRange(a, 0, 100));
        Assert.Equal(fit.Rotations(7), same.Rotations(7));
        Assert.Empty(fit.Rotations(0).Intersect(fit.Rotations(1)));
        Assert.Empty(fit.Rotations(0).Intersect(other.Rotations(0)));
        // Uniform: the mean of 2000 angles is 50, with a standard deviation of 0.65.
        Assert.InRange(Enumerable.Range(0, 400).SelectMany(fit.Rotations).Average(), 47, 53);
    }

    [Fact]
    public void Copies_of_the_second_draw_are_of_the_covariance_only()
    {
        using var fit = new SubspaceFit(new() { RotatedCopies = 1, RotationDraw = RotationDraw.EachPass, ExplainedVariance = 1 });
        fit.Add(torch.tensor(new double[] { 0 }).view(1, 1));
        fit.AddRotated(torch.tensor(new double[] { 2 }).view(1, 1), 0);
        fit.AddRotated(torch.tensor(new double[] { 4 }).view(1, 1), 1);
        using var subspace = fit.Fit();

        TensorAssert.Values([1], subspace.Mean); // of 0 and 2
        TensorAssert.Values([10], subspace.Eigenvalues); // (0 - 1)^2 + (4 - 1)^2
    }

    [Fact]
    public void The_gaussian_is_almost_the_mean_of_nine_pixels()
    {
        var residuals = torch.zeros(1, 5, 5);
        residuals[0, 2, 2] = torch.tensor(1f);
        var map = new SubspaceAdScorer(new()).Map(residuals, 5, 5);
        double side = Math.Exp(-1 / 32.0) / (1 + (2 * Math.Exp(-1 / 32.0)));

        Assert.Equal(side * side, map[0, 1, 1].item<float>(), 1e-6);
        Assert.Equal(0, map[0, 2, 0].item<float>());
        // Mirrored about the edge: a pixel beside it counts twice for it.
        residuals.zero_();
        residuals[0, 2, 1] = torch.tensor(1f);
        Assert.Equal(2 * side * (1 - (2 * side)), new SubspaceAdScorer(new()).Map(residuals, 5, 5)[0, 2, 0].item<float>(), 1e-6);
    }

    [Fact]
    public void A_score_is_the_mean_of_the_largest_pixels_and_of_one_at_least()
    {
        var map = torch.arange(100, dtype: ScalarType.Float32).view(1, 10, 10);

        TensorAssert.Values([99], new SubspaceAdScorer(new()).Score(map));
        TensorAssert.Values([98.5], new SubspaceAdScorer(new() { TopFraction = 0.02 }).Score(map));
        TensorAssert.Values([99], new SubspaceAdScorer(new() { TopFraction = 0 }).Score(map));
    }

    [Fact]
    public void Faults_name_the_setting()
    {
        Assert.Empty(SubspaceAdOptions.AsPublished.Faults());
        Assert.Empty(SubspaceAdOptions.AsReleased.Faults());
        var faults = new SubspaceAdOptions
        {
            LayersFromLast = [0], SmoothingKernel = 4, Residual = (SubspaceResidual)9, RotationDraw = (RotationDraw)9, ExplainedVariance = 0,
        }.Faults().ToList();

        Assert.Equal(5, faults.Count);
        Assert.All(faults, f => Assert.StartsWith("SubspaceAD: ", f, StringComparison.Ordinal));
    }
}
