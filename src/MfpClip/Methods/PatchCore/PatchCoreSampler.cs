using MfpClip.References;
using MfpClip.Tensors;

namespace MfpClip.Methods.PatchCore;

/// <summary>Which patches of the normal images are stored (PatchCore, section 3.2). The same seed chooses the same patches.</summary>
/// <param name="options">Checked before.</param>
internal sealed class PatchCoreSampler(PatchCoreOptions options)
{
    // anomalib's SparseRandomProjection(eps=0.9).
    private const double Distortion = 0.9;

    /// <summary>Rows of the stored patches, in the order of their choice.</summary>
    /// <param name="vectors"><c>[N, D]</c>, float32, N at least 1.</param>
    public IReadOnlyList<int> Choose(Tensor vectors)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        int all = (int)vectors.shape[0], count = Math.Max((int)(all * options.CoresetFraction), 1);
        return options.Coreset switch
        {
            PatchCoreset.None => [.. Enumerable.Range(0, all)],
            PatchCoreset.Exact => GreedyCoreset.Exact(Projected(vectors), count),
            PatchCoreset.KCenter => GreedyCoreset.KCenter(Sparse(vectors), count, Draw(all, 1)[0]),
            _ => GreedyCoreset.Approximate(Projected(vectors), count, Draw(all, Math.Min(options.StartingPoints, all))),
        };
    }

    // What nn.Linear starts from, as in the authors' code, and like there not where the vectors have that width already.
    private Tensor Projected(Tensor vectors)
    {
        int width = options.ProjectedWidth;
        return width == 0 || vectors.shape[1] == width ? vectors : MatrixProduct.Of(vectors, new ParameterInitializer(options.Seed).Uniform(
            "coreset projection", vectors.shape[1], width, vectors.shape[1]).to(vectors.device).t());
    }

    // Johnson-Lindenstrauss: entries are 0 but for a fraction of 1/sqrt(D), half of them negative.
    private Tensor Sparse(Tensor vectors)
    {
        long width = Math.Max((long)(4 * Math.Log(vectors.shape[0]) / ((Distortion * Distortion / 2) - (Math.Pow(Distortion, 3) / 3))), 1);
        double density = 1 / Math.Sqrt(vectors.shape[1]), size = 1 / Math.Sqrt(density * width);
        var uniform = new ParameterInitializer(options.Seed).Uniform("sparse projection", 1, width, vectors.shape[1]); // -1 to 1
        var weight = (uniform.gt(1 - density).to_type(ScalarType.Float32) - uniform.lt(density - 1).to_type(ScalarType.Float32)) * size;
        return MatrixProduct.Of(vectors, weight.to(vectors.device).t());
    }

    private long[] Draw(int all, int count) =>
        new ParameterInitializer(options.Seed).Uniform("coreset start", 1, all).argsort().narrow(0, 0, count).data<long>().ToArray();
}
