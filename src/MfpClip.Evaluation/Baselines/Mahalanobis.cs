namespace MfpClip.Evaluation.Baselines;

/// <summary>Distances of points to the distribution that they form themselves.</summary>
internal static class Mahalanobis
{
    // Of a feature's mean variance: keeps features that repeat each other (grey images have three equal colours) from being divided by nothing.
    private static readonly Scalar Ridge = 1e-6, Least = 1e-9;

    /// <summary>
    /// <c>sqrt((x - m)' S^-1 (x - m))</c> with mean and covariance of all points; their squares have the mean F where no feature repeats others.
    /// </summary>
    /// <param name="points"><c>[F, N]</c>, a column a point.</param>
    /// <returns><c>[N]</c>, float32; all 0 where the points are all the same.</returns>
    public static Tensor ToOwnDistribution(Tensor points)
    {
        using var scope = torch.NewDisposeScope();
        var x = points.to_type(ScalarType.Float64);
        var centred = x - x.mean([1], keepdim: true);
        // Each feature by its own spread first: distances do not change, and the ridge means the same to every feature.
        var spread = centred.square().mean([1], keepdim: true).sqrt();
        centred = torch.where(spread.gt(Least), centred / spread.clamp(min: Least), torch.zeros_like(centred));
        using Scalar share = 1.0 / centred.shape[1];
        var covariance = MatrixProduct.Of(centred, centred.t()).mul(share);
        var factor = torch.linalg.cholesky(covariance + torch.eye(covariance.shape[0], dtype: ScalarType.Float64).mul(Ridge));
        var whitened = torch.linalg.solve_triangular(factor, centred, upper: false, left: true);
        return whitened.square().sum([0L]).sqrt().to_type(ScalarType.Float32).MoveToOuterDisposeScope();
    }
}
