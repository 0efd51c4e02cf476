using MfpClip.Modules.Scoring;
using MfpClip.References;
using MfpClip.Tensors;

namespace MfpClip.Methods.PatchCore;

/// <summary>Distances, maps and scores of PatchCore (section 3.3) from the vectors of patches; knows no network.</summary>
/// <param name="options">Checked before.</param>
internal sealed class PatchCoreScorer(PatchCoreOptions options)
{
    /// <summary>What is stored of vectors, and what they are compared as: unit vectors for <see cref="NeighbourDistance.Cosine"/>.</summary>
    /// <param name="vectors"><c>[N, D]</c>.</param>
    /// <returns><c>[N, D]</c>, float32.</returns>
    public Tensor Comparable(Tensor vectors)
    {
        using var scope = torch.NewDisposeScope();
        var x = vectors.to_type(ScalarType.Float32);
        return (options.Distance == NeighbourDistance.Cosine ? UnitVectors.Normalize(x) : x.clone()).MoveToOuterDisposeScope();
    }

    /// <summary>Distances of patches from the stored ones.</summary>
    /// <param name="vectors"><c>[N, D]</c>, float32, of <see cref="Comparable"/>.</param>
    /// <param name="memory"><c>[M, D]</c>, float32, of the same.</param>
    /// <param name="cancellationToken">Checked between blocks.</param>
    /// <param name="model">Of the same memory, packed for searching; <see langword="null"/>: the memory is searched as it is.</param>
    /// <returns>Distance and nearest stored row of each patch, <c>[N]</c>.</returns>
    /// <exception cref="ReferenceException">Fewer patches are stored than neighbours are averaged, or of another width.</exception>
    public (Tensor Distances, Tensor Nearest) Compare(
        Tensor vectors, Tensor memory, CancellationToken cancellationToken = default, NeighbourModel? model = null)
    {
        if (memory.shape[0] < options.Neighbours)
        {
            throw new ReferenceException(null, $"{memory.shape[0]} patches are stored, but {options.Neighbours} neighbours are averaged. "
                + "Add references, store a larger fraction of their patches, or average fewer neighbours.");
        }

        if (memory.shape[1] != vectors.shape[1])
        {
            throw new ReferenceException(null, $"stored patches have {memory.shape[1]} values, those of the image {vectors.shape[1]}. "
                + "Use the backbone, stages and widths that the memory was made with.");
        }

        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var found = model?.Find(vectors, options.Neighbours, cancellationToken)
            ?? NearestNeighbours.Find(vectors, memory, options.Neighbours, cancellationToken);
        return (found.Mean(options.Distance).MoveToOuterDisposeScope(), found.Rows.select(1, 0).clone().MoveToOuterDisposeScope());
    }

    /// <summary>Scores of images.</summary>
    /// <param name="distances"><c>[B, P]</c> of <see cref="Compare"/>.</param>
    /// <param name="nearest"><c>[B, P]</c> of the same.</param>
    /// <param name="vectors"><c>[B, P, D]</c>, what was compared.</param>
    /// <param name="memory"><c>[M, D]</c>.</param>
    /// <returns><c>[B]</c>.</returns>
    public Tensor Score(Tensor distances, Tensor nearest, Tensor vectors, Tensor memory)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var (largest, patch) = distances.max(1); // [B]
        if (options.ImageScore == PatchCoreImageScore.Maximum || options.ScoreNeighbours == 1)
        {
            return largest.MoveToOuterDisposeScope();
        }

        return (largest * Weights(patch, nearest, vectors, memory).Weights).MoveToOuterDisposeScope();
    }

    /// <summary>How much the largest distance of each image counts: less where its nearest stored patch has others about as near (equation 7).</summary>
    /// <param name="patch"><c>[B]</c>, the patch of the largest distance.</param>
    /// <param name="nearest"><c>[B, P]</c>.</param>
    /// <param name="vectors"><c>[B, P, D]</c>.</param>
    /// <param name="memory"><c>[M, D]</c>.</param>
    /// <returns>Weights <c>[B]</c>; stored rows about the nearest <c>[B, k]</c>, itself first; distances of the patch to them <c>[B, k]</c>.</returns>
    public (Tensor Weights, Tensor Rows, Tensor Distances) Weights(Tensor patch, Tensor nearest, Tensor vectors, Tensor memory)
    {
        using var scope = torch.NewDisposeScope();
        var index = patch.unsqueeze(1); // [B, 1]
        var query = vectors.gather(1, index.unsqueeze(2).expand(-1, -1, vectors.shape[2])); // [B, 1, D]
        var row = nearest.gather(1, index).squeeze(1);
        var about = NearestNeighbours.Find(memory.index_select(0, row), memory, (int)Math.Min(options.ScoreNeighbours, memory.shape[0])).Rows; // [B, k]
        var rows = memory.index_select(0, about.reshape(-1)).view(about.shape[0], about.shape[1], memory.shape[1]);
        var distances = (query - rows).square().sum(2).sqrt();
        var weights = 1 - F.softmax(distances, 1).select(1, 0);
        return (weights.MoveToOuterDisposeScope(), about.MoveToOuterDisposeScope(), distances.MoveToOuterDisposeScope());
    }

    /// <summary>The maps of distances.</summary>
    /// <param name="distances"><c>[B, h, w]</c>.</param>
    /// <param name="height">Of the map.</param>
    /// <param name="width">Of the map.</param>
    /// <returns><c>[B, H, W]</c>, float32.</returns>
    public Tensor Map(Tensor distances, int height, int width)
    {
        using var scope = torch.NewDisposeScope();
        var map = PatchMaps.Resize(distances, height, width, options.MapInterpolation);
        double sigma = options.SmoothingSigma;
        map = sigma == 0 ? map : TensorSmoothing.Separable(map, TensorSmoothing.Kernel(sigma, TensorSmoothing.Radius(sigma)), options.SmoothingBorder);
        return map.to_type(ScalarType.Float32).MoveToOuterDisposeScope();
    }
}
