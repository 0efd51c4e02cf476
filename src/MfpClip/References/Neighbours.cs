namespace MfpClip.References;

/// <summary>The stored tokens nearest to each query, the nearest first.</summary>
/// <param name="Squared">Squared L2 distances, <c>[N, k]</c>, float32.</param>
/// <param name="Rows">Their rows in the memory, <c>[N, k]</c>, int64.</param>
internal readonly record struct Neighbours(Tensor Squared, Tensor Rows)
{
    /// <summary>One distance a query, <c>[N]</c>, from the mean of the squared distances.</summary>
    /// <param name="distance">For <see cref="NeighbourDistance.Cosine"/>, queries and memory were unit vectors.</param>
    public Tensor Mean(NeighbourDistance distance)
    {
        using var scope = torch.NewDisposeScope();
        var mean = Squared.mean([1]);
        return (distance switch
        {
            NeighbourDistance.Cosine => mean / 2,
            NeighbourDistance.Euclidean => mean.sqrt(),
            _ => mean,
        }).MoveToOuterDisposeScope();
    }
}
