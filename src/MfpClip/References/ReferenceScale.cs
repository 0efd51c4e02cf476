namespace MfpClip.References;

/// <summary>
/// What is usual on good images, for the method's own map and score and for the distances to the references (left one out), so that both
/// can be added. A level u is 0 at the usual value of a good cell and 1 at the limit of what good images show.
/// </summary>
/// <param name="DistanceCenter">Mean distance of a good cell.</param>
/// <param name="DistanceLimit">Distance that 99.5 % of good cells stay below.</param>
/// <param name="MapCenter">Mean of the method's own map on good images.</param>
/// <param name="MapLimit">Value that 99.5 % of it stay below.</param>
/// <param name="TopDistance">Median over good images of the mean distance of their most distant cells.</param>
/// <param name="ScoreCenter">Mean logit of the method's own score on good images.</param>
/// <param name="ScoreSpread">Its standard deviation, at least 1.</param>
internal sealed record ReferenceScale(
    double DistanceCenter, double DistanceLimit, double MapCenter, double MapLimit, double TopDistance, double ScoreCenter, double ScoreSpread)
{
    // A cosine, or a probability, that differs by less than this is noise; no good image makes it an anomaly.
    private const double Least = 0.01;

    // Where the joint level reaches 1/2 in the result: half as far again as good images reach.
    private const double Middle = 1.5;

    public static ReferenceScale Measure(IReadOnlyList<float[]> distances, IReadOnlyList<float[]> maps, IReadOnlyList<float> scores, int topCells)
    {
        var all = distances.SelectMany(d => d).Order().ToList();
        var map = maps.SelectMany(m => m).Order().ToList();
        var logits = scores.Select(s => Logit(s)).ToList();
        double mean = logits.Average();
        return new(
            all.Average(), Quantile(all, 0.995), map.Average(), Quantile(map, 0.995), Median(distances.Select(d => (double)TopMean(d, topCells))), mean,
            Math.Max(Math.Sqrt(logits.Average(l => (l - mean) * (l - mean))), 1));
    }

    /// <summary>Joint map in (0, 1): strictly rising in both, without saturation.</summary>
    /// <param name="map">The method's own, any shape.</param>
    /// <param name="distance">Distances of the same shape.</param>
    /// <param name="weight">Weight of the distances.</param>
    public Tensor JoinMaps(Tensor map, Tensor distance, double weight)
    {
        using var scope = torch.NewDisposeScope();
        var own = (map - MapCenter) / Math.Max(MapLimit - MapCenter, Least);
        var far = (distance - DistanceCenter) / Math.Max(DistanceLimit - DistanceCenter, Least);
        return Squash((weight * far) + ((1 - weight) * own)).MoveToOuterDisposeScope();
    }

    /// <summary>Joint score in (0, 1).</summary>
    /// <param name="score">The method's own, <c>[B]</c>.</param>
    /// <param name="topDistance">Mean distance of the most distant cells, <c>[B]</c>.</param>
    /// <param name="weight">Weight of the distances.</param>
    public Tensor JoinScores(Tensor score, Tensor topDistance, double weight)
    {
        using var scope = torch.NewDisposeScope();
        var own = (((score.clamp(1e-6, 1 - 1e-6).logit() - ScoreCenter) / ScoreSpread) + 1);
        var far = (topDistance - DistanceCenter) / Math.Max(TopDistance - DistanceCenter, Least);
        return Squash((weight * far) + ((1 - weight) * own)).MoveToOuterDisposeScope();
    }

    /// <summary>Mean of the k highest values, or of all where there are fewer.</summary>
    public static float TopMean(IEnumerable<float> values, int k) => values.OrderDescending().Take(k).Average();

    private static Tensor Squash(Tensor u)
    {
        var y = 2 * (u - Middle);
        return 0.5 * (1 + (y / (1 + y.abs())));
    }

    private static double Logit(double p)
    {
        p = Math.Clamp(p, 1e-6, 1 - 1e-6);
        return Math.Log(p / (1 - p));
    }

    private static double Quantile(List<float> sorted, double q) => sorted[(int)Math.Min(Math.Ceiling(q * sorted.Count), sorted.Count) - 1];

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }
}
