namespace MfpClip.Methods.AnomalyDino;

/// <summary>
/// Which patches show the object (AnomalyDINO, section 3.2): those with a high score of the first principal component of the image's own patches, on the
/// side of it that the middle of the image lies on.
/// </summary>
internal static class ForegroundMask
{
    // Middle of the grid, and the fraction of its patches that must be foreground; else the other sign is the object.
    private const double From = 0.2, To = 0.8, LeastInTheMiddle = 0.35;

    /// <summary>The mask of one image.</summary>
    /// <param name="features"><c>[P, D]</c>, P row by row.</param>
    /// <param name="rows">Of the grid.</param>
    /// <param name="columns">Of the grid.</param>
    /// <param name="threshold">Of the component's score.</param>
    /// <param name="morphology">Where it is dilated and closed.</param>
    /// <returns><c>[h, w]</c>, bool.</returns>
    public static Tensor Of(Tensor features, int rows, int columns, double threshold, MaskMorphology morphology)
    {
        using var scope = torch.NewDisposeScope();
        var raw = Threshold(FirstComponent(features), rows, columns, threshold);
        return Close(Dilate(raw, morphology), morphology).MoveToOuterDisposeScope();
    }

    /// <summary>Scores of the first principal component, of the sign that makes the largest absolute one positive.</summary>
    /// <param name="features"><c>[P, D]</c>.</param>
    /// <returns><c>[P]</c>, float32.</returns>
    public static Tensor FirstComponent(Tensor features)
    {
        using var scope = torch.NewDisposeScope();
        var x = features.to_type(ScalarType.Float64);
        x -= x.mean([0], keepdim: true);
        // The smaller of the two Gram matrices has the same scores: X v, or u times its length.
        Tensor scores;
        if (x.shape[0] < x.shape[1])
        {
            var (values, vectors) = torch.linalg.eigh(MatrixProduct.Of(x, x.t()));
            scores = vectors.select(1, vectors.shape[1] - 1) * values[-1].clamp(min: 0).sqrt();
        }
        else
        {
            var (_, vectors) = torch.linalg.eigh(MatrixProduct.Of(x.t(), x));
            scores = torch.mv(x, vectors.select(1, vectors.shape[1] - 1));
        }

        var sign = scores[scores.abs().argmax()].sign();
        return (scores * sign).to_type(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    /// <summary>Scores above the threshold, or below its negative where too little of the middle is above.</summary>
    /// <param name="scores"><c>[P]</c>.</param>
    /// <param name="rows">Of the grid.</param>
    /// <param name="columns">Of the grid.</param>
    /// <param name="threshold">At least 0.</param>
    /// <returns><c>[h, w]</c>, bool.</returns>
    public static Tensor Threshold(Tensor scores, int rows, int columns, double threshold)
    {
        using var scope = torch.NewDisposeScope();
        var grid = scores.view(rows, columns);
        var above = grid.gt(threshold);
        var (top, bottom, left, right) = ((int)(rows * From), (int)(rows * To), (int)(columns * From), (int)(columns * To));
        var middle = above.narrow(0, top, bottom - top).narrow(1, left, right - left);
        bool enough = middle.sum().item<long>() > middle.numel() * LeastInTheMiddle;
        return (enough ? above : grid.neg().gt(threshold)).MoveToOuterDisposeScope();
    }

    /// <summary>A patch is set where a neighbour or itself is.</summary>
    /// <param name="mask"><c>[h, w]</c>, bool.</param>
    /// <param name="morphology">What its neighbours are.</param>
    public static Tensor Dilate(Tensor mask, MaskMorphology morphology)
    {
        using var scope = torch.NewDisposeScope();
        return Largest(mask.to_type(ScalarType.Float32), morphology).gt(0.5).MoveToOuterDisposeScope();
    }

    /// <summary>Dilated, then eroded; what lies outside the grid counts in neither.</summary>
    /// <param name="mask"><c>[h, w]</c>, bool.</param>
    /// <param name="morphology">What the neighbours of a patch are.</param>
    public static Tensor Close(Tensor mask, MaskMorphology morphology)
    {
        using var scope = torch.NewDisposeScope();
        var dilated = Largest(mask.to_type(ScalarType.Float32), morphology);
        return Largest(dilated.neg(), morphology).neg().gt(0.5).MoveToOuterDisposeScope();
    }

    // Pooling pads with minus infinity.
    private static Tensor Largest(Tensor x, MaskMorphology morphology) => morphology == MaskMorphology.Grid
        ? F.max_pool2d(x.view(1, 1, x.shape[0], x.shape[1]), 3, stride: 1, padding: 1).view(x.shape)
        : F.max_pool1d(x.view(1, 1, -1), 3, stride: 1, padding: 1).view(x.shape);
}
