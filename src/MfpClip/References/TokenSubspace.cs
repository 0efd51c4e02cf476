namespace MfpClip.References;

/// <summary>The principal components of tokens that explain a fraction of their variance, and how far other tokens lie from them. Immutable.</summary>
internal sealed class TokenSubspace : IDisposable
{
    private const double Epsilon = 1e-6; // of norms and variances, as the authors of SubspaceAD have it

    private TokenSubspace(Tensor mean, Tensor eigenvalues, Tensor components) => (Mean, Eigenvalues, Components) = (mean, eigenvalues, components);

    /// <summary><c>[D]</c>, float64.</summary>
    public Tensor Mean { get; }

    /// <summary>All eigenvalues of the covariance, descending, <c>[D]</c>, float64.</summary>
    public Tensor Eigenvalues { get; }

    /// <summary>The first eigenvectors, <c>[D, k]</c>, float64.</summary>
    public Tensor Components { get; }

    /// <summary>Number of components, k.</summary>
    public int Rank => (int)Components.shape[1];

    /// <summary>The fewest components whose eigenvalues are at least the given fraction of the sum.</summary>
    /// <param name="mean"><c>[D]</c>, float64; stays the caller's.</param>
    /// <param name="covariance"><c>[D, D]</c>, float64; stays the caller's.</param>
    /// <param name="explained">Fraction of the variance, above 0 to 1.</param>
    /// <exception cref="ReferenceException">All tokens are equal.</exception>
    public static TokenSubspace Fit(Tensor mean, Tensor covariance, double explained)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var (ascending, vectors) = torch.linalg.eigh(covariance);
        var eigenvalues = ascending.flip(0);
        var values = eigenvalues.to(torch.CPU).data<double>().ToArray();
        double sum = values.Sum();
        if (!(sum > 0))
        {
            throw new ReferenceException(null, "all tokens are equal: they span no subspace. Give images that show something.");
        }

        return new(mean.clone().DetachFromDisposeScope(), eigenvalues.DetachFromDisposeScope(),
            vectors.flip(1).narrow(1, 0, RankOf(values, sum, explained)).contiguous().DetachFromDisposeScope());
    }

    /// <summary>How far tokens lie from the subspace.</summary>
    /// <param name="tokens"><c>[N, D]</c>; computed in their precision, float32 as the authors or float64.</param>
    /// <param name="residual">Which measure.</param>
    /// <param name="dropped">First components that the reconstruction does without.</param>
    /// <returns><c>[N]</c>.</returns>
    public Tensor Residuals(Tensor tokens, SubspaceResidual residual = SubspaceResidual.Reconstruction, int dropped = 0)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var (mean, c) = (Mean.to_type(tokens.dtype), Components.to_type(tokens.dtype));
        var z = MatrixProduct.Of(tokens - mean, c); // [N, k]
        if (residual == SubspaceResidual.Euclidean)
        {
            return z.square().sum(1).MoveToOuterDisposeScope();
        }

        if (residual == SubspaceResidual.Mahalanobis)
        {
            return (z.square() / (Eigenvalues.narrow(0, 0, Rank) + Epsilon).to_type(z.dtype)).sum(1).MoveToOuterDisposeScope();
        }

        z.narrow(1, 0, Math.Min(dropped, Rank)).zero_();
        var reconstruction = MatrixProduct.Of(z, c.t()) + mean;
        return (residual == SubspaceResidual.Cosine
            ? 1 - (Unit(tokens) * Unit(reconstruction)).sum(1).clamp(-1, 1)
            : (tokens - reconstruction).square().sum(1)).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        Mean.Dispose();
        Eigenvalues.Dispose();
        Components.Dispose();
    }

    private static Tensor Unit(Tensor x) => x / (x.square().sum([1], keepdim: true).sqrt() + Epsilon);

    private static int RankOf(double[] eigenvalues, double sum, double explained)
    {
        double cumulative = 0;
        for (int i = 0; i < eigenvalues.Length; i++)
        {
            cumulative += eigenvalues[i];
            if (cumulative / sum >= explained)
            {
                return i + 1;
            }
        }

        return eigenvalues.Length;
    }
}

/// <summary>How far a token lies from a subspace (SubspaceAD's <c>score_method</c>).</summary>
public enum SubspaceResidual
{
    /// <summary>Squared L2 distance from its projection onto the subspace.</summary>
    Reconstruction,

    /// <summary>Squared L2 length of its coordinates in the subspace.</summary>
    Euclidean,

    /// <summary>The same with each coordinate divided by its variance.</summary>
    Mahalanobis,

    /// <summary>One minus the cosine between it and its projection.</summary>
    Cosine,
}
