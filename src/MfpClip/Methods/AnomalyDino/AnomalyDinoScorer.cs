using MfpClip.Modules.Scoring;
using MfpClip.References;
using MfpClip.Tensors;

namespace MfpClip.Methods.AnomalyDino;

/// <summary>Distances, maps and scores of AnomalyDINO (section 3) from patch features; knows no network.</summary>
/// <param name="options">Checked before.</param>
internal sealed class AnomalyDinoScorer(AnomalyDinoOptions options)
{
    /// <summary>What is stored of one reference image, or of one rotation of it.</summary>
    /// <param name="features"><c>[P, D]</c>, row by row.</param>
    /// <param name="rows">Of the grid.</param>
    /// <param name="columns">Of the grid.</param>
    /// <returns><c>[at most P, D]</c>, float32; unit vectors for <see cref="NeighbourDistance.Cosine"/>. Masked patches are left out.</returns>
    public Tensor Reference(Tensor features, int rows, int columns) => Store(features, rows, columns).Tokens;

    /// <summary>The same, and the cell of each.</summary>
    public (Tensor Tokens, int[] Cells) Store(Tensor features, int rows, int columns)
    {
        using var scope = torch.NewDisposeScope();
        var stored = Comparable(features);
        if (!(options.Masking && options.MaskReferences))
        {
            return (stored.MoveToOuterDisposeScope(), [.. Enumerable.Range(0, rows * columns)]);
        }

        var kept = Mask(features, rows, columns).view(-1).nonzero().squeeze(1);
        return (stored.index_select(0, kept).MoveToOuterDisposeScope(), [.. kept.cpu().data<long>().ToArray().Select(k => (int)k)]);
    }

    /// <summary>Distances of one image's patches from the stored ones.</summary>
    /// <param name="features"><c>[P, D]</c>, row by row.</param>
    /// <param name="memory"><c>[M, D]</c> of <see cref="Reference"/>, on the same device.</param>
    /// <param name="rows">Of the grid.</param>
    /// <param name="columns">Of the grid.</param>
    /// <param name="cancellationToken">Checked between blocks.</param>
    /// <param name="model">Of the same memory, packed for searching; <see langword="null"/>: the memory is searched as it is.</param>
    /// <returns>Distances <c>[h, w]</c>, 0 where masked, and the nearest stored row of each patch <c>[P]</c>.</returns>
    /// <exception cref="ReferenceException">Fewer patches are stored than neighbours are averaged.</exception>
    public (Tensor Distances, Tensor Nearest) Compare(
        Tensor features, Tensor memory, int rows, int columns, CancellationToken cancellationToken = default, NeighbourModel? model = null)
    {
        if (memory.shape[0] < options.Neighbours)
        {
            throw new ReferenceException(null, $"{memory.shape[0]} patches are stored, but {options.Neighbours} neighbours are averaged. "
                + "Add references, average fewer neighbours, or do not mask the references.");
        }

        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var found = model?.Find(Comparable(features), options.Neighbours, cancellationToken)
            ?? NearestNeighbours.Find(Comparable(features), memory, options.Neighbours, cancellationToken);
        var distances = Masked(found.Mean(options.Distance), features, rows, columns);
        return (distances.MoveToOuterDisposeScope(), found.Rows.select(1, 0).clone().MoveToOuterDisposeScope());
    }

    /// <summary>Without references: the patches of every image against those of all other images of the batch (run_anomalydino_batched.py).</summary>
    /// <remarks>
    /// A patch is compared with the k = int(fraction * n) nearest of the n patches of the other images; its distance is the mean of the cosine distances
    /// that lie strictly below the k-th. Where that is none, which gives NaN in the authors' code, it is the smallest.
    /// </remarks>
    /// <param name="features">Two images at least, <c>[P, D]</c> each.</param>
    /// <param name="rows">Of the grid.</param>
    /// <param name="columns">Of the grid.</param>
    /// <param name="cancellationToken">Checked between blocks.</param>
    /// <returns>One <c>[h, w]</c> an image.</returns>
    /// <exception cref="ReferenceException">There is one image only.</exception>
    public IReadOnlyList<Tensor> CompareBatch(
        IReadOnlyList<Tensor> features, int rows, int columns, CancellationToken cancellationToken = default)
    {
        if (features.Count < 2)
        {
            throw new ReferenceException(null, "a batch without references needs two images at least, so that each has another to be compared with.");
        }

        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        List<Tensor> unit = [.. features.Select(f => UnitVectors.Normalize(f.to_type(ScalarType.Float32)))];
        return [.. unit.Select((own, i) =>
            Masked(CompareWithOthers(own, [.. unit.Where((_, o) => o != i)], cancellationToken), features[i], rows, columns).MoveToOuterDisposeScope())];
    }

    /// <summary>The same of one image, before it is masked.</summary>
    /// <param name="own">Unit vectors, <c>[P, D]</c>.</param>
    /// <param name="others">Unit vectors of the other images, <c>[N, D]</c> each, on the same device; one at least.</param>
    /// <param name="cancellationToken">Checked between blocks.</param>
    /// <returns><c>[P]</c>.</returns>
    public Tensor CompareWithOthers(Tensor own, IReadOnlyList<Tensor> others, CancellationToken cancellationToken)
    {
        using var scope = torch.NewDisposeScope();
        long stored = others.Sum(o => o.shape[0]);
        int count = (int)Math.Clamp((long)(options.BatchFraction * stored), 1, stored);
        var similar = NearestNeighbours.Highest(own, others, count, cancellationToken); // [P, k], descending
        var distances = (1 - similar).clamp(min: 0);
        var below = distances.lt(distances.narrow(1, count - 1, 1)).to_type(ScalarType.Float32);
        var averaged = below.sum(1);
        var mean = (distances * below).sum(1) / averaged.clamp(min: 1);
        return torch.where(averaged.gt(0), mean, distances.select(1, 0)).MoveToOuterDisposeScope();
    }

    /// <summary>Score of an image, <c>[]</c>, from its distances <c>[h, w]</c>.</summary>
    public Tensor Score(Tensor distances)
    {
        using var scope = torch.NewDisposeScope();
        return TopFraction.Mean(distances.reshape(1, -1), options.TopFraction).squeeze(0).MoveToOuterDisposeScope();
    }

    /// <summary>The map of an image at its own size.</summary>
    /// <param name="distances"><c>[h, w]</c>.</param>
    /// <param name="height">Of the image.</param>
    /// <param name="width">Of the image.</param>
    /// <returns><c>[H, W]</c>, float32.</returns>
    public Tensor Map(Tensor distances, int height, int width)
    {
        using var scope = torch.NewDisposeScope();
        var map = PatchMaps.Resize(distances.unsqueeze(0), height, width);
        double sigma = options.SmoothingSigma;
        map = sigma == 0 ? map : TensorSmoothing.Separable(map, TensorSmoothing.Kernel(sigma, TensorSmoothing.Radius(sigma)), MapBorder.Symmetric);
        return map.squeeze(0).to_type(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    /// <summary>Which patches show the object, <c>[h, w]</c>, bool.</summary>
    public Tensor Mask(Tensor features, int rows, int columns) =>
        ForegroundMask.Of(features, rows, columns, options.MaskThreshold, options.MaskMorphology);

    /// <summary>Distances <c>[P]</c> on the grid, <c>[h, w]</c>; 0 where <see cref="AnomalyDinoOptions.Masking"/> masks them.</summary>
    public Tensor Masked(Tensor distances, Tensor features, int rows, int columns)
    {
        var grid = distances.view(rows, columns);
        return options.Masking ? grid.masked_fill(Mask(features, rows, columns).logical_not(), 0) : grid;
    }

    private Tensor Comparable(Tensor features)
    {
        var x = features.to_type(ScalarType.Float32);
        return options.Distance == NeighbourDistance.Cosine ? UnitVectors.Normalize(x) : x.clone();
    }
}
