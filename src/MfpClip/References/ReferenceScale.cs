namespace MfpClip.References;

/// <summary>
/// What is usual on normal images, for the method's own map and score and for the distances to the references (left one out), so that both
/// can be multiplied: odds of the method and distances, each as a multiple of what normal images show. A level u, the weighted mean of their
/// logarithms, is 0 where both are there. Only ratios count, so where the references explain one another badly, all distances are
/// high, differ little in proportion, and change the method's own map little.
/// </summary>
/// <param name="DistanceCenter">Mean distance of a good cell.</param>
/// <param name="DistanceLimit">Distance that 99.5 % of good cells stay below.</param>
/// <param name="MapLimit">Value that 99.5 % of the method's own map on normal images stay below.</param>
/// <param name="TopDistance">Median over normal images of the mean distance of their most distant cells.</param>
/// <param name="ScoreCenter">Mean logit of the method's own score on normal images.</param>
internal sealed record ReferenceScale(double DistanceCenter, double DistanceLimit, double MapLimit, double TopDistance, double ScoreCenter)
{
    /// <summary>A distance below this is noise; its ratio to another says nothing.</summary>
    /// <value>Default 0.001, for cosine distances.</value>
    public double Noise { get; init; } = 0.001;

    /// <summary>How far whole images usually lie from the references; <see langword="null"/>: all distances are taken as they are.</summary>
    public ImageAppearance? Appearance { get; init; }

    // Where the level of a score reaches 1/2 in the result: half as far again as the usual normal image. A map needs none, for its limits leave out the usual.
    private static readonly double Margin = Math.Log(1.5);

    public static ReferenceScale Measure(IReadOnlyList<float[]> distances, IReadOnlyList<float[]> maps, IReadOnlyList<float> scores, int topCells)
    {
        float[] all = Sorted(distances);
        float[] map = Sorted(maps);
        return new(
            all.Average(), Quantile(all, 0.995), Quantile(map, 0.995), Median(distances.Select(d => (double)TopMean(d, topCells))),
            scores.Average(s => Logit(s)));
    }

    /// <summary>The same, with the limits of distances from which the references' own appearance is taken out, as it will be from other images.</summary>
    /// <param name="distances">Of the cells of each reference, left one out.</param>
    /// <param name="topCells">Cells whose mean is an image's distance.</param>
    public ReferenceScale WithAppearance(IReadOnlyList<float[]> distances, int topCells)
    {
        var appearance = ImageAppearance.Measure(distances, Noise);
        var left = distances.Select(d => (Cells: d, Factor: Math.Exp(-appearance.TakenOut(d, Noise))))
            .Select(d => d.Cells.Select(v => (float)(((v + Noise) * d.Factor) - Noise)).ToArray()).ToList();
        return this with
        {
            Appearance = appearance,
            DistanceLimit = Quantile(Sorted(left), 0.995),
            TopDistance = Median(left.Select(d => (double)TopMean(d, topCells))),
        };
    }

    /// <summary>The same with the limit of these maps, in logits.</summary>
    public ReferenceScale WithMaps(IReadOnlyList<float[]> logits) =>
        this with { MapLimit = 1 / (1 + Math.Exp(-Quantile(Sorted(logits), 0.995))) };

    /// <summary>Joint map in (0, 1): strictly rising in both, without saturation but where the method's own is within 0.000001 of 0 or 1.</summary>
    /// <param name="map">The method's own, any shape, 0 to 1.</param>
    /// <param name="distance">Distances of the same shape.</param>
    /// <param name="weight">Weight of the distances.</param>
    /// <param name="takenOut">What <see cref="ImageAppearance.Of"/> says of each image, so that it broadcasts; <see langword="null"/>: nothing.</param>
    public Tensor JoinMaps(Tensor map, Tensor distance, double weight, Tensor? takenOut = null)
    {
        using var scope = torch.NewDisposeScope();
        var far = LogRatio(distance, DistanceLimit);
        return ToUnitInterval(Level(Logit(map) - Logit(MapLimit), takenOut is null ? far : far - takenOut, weight)).MoveToOuterDisposeScope();
    }

    /// <summary>Joint score in (0, 1).</summary>
    /// <param name="score">The method's own, <c>[B]</c>, 0 to 1.</param>
    /// <param name="topDistance">Mean distance of the most distant cells, <c>[B]</c>.</param>
    /// <param name="weight">Weight of the distances.</param>
    /// <param name="appearance">What <see cref="ImageAppearance.Of"/> says of each image; none: nothing is taken out.</param>
    public Tensor JoinScores(Tensor score, Tensor topDistance, double weight, (Tensor TakenOut, Tensor Weight)? appearance = null)
    {
        using var scope = torch.NewDisposeScope();
        var (own, far) = (Logit(score) - ScoreCenter, LogRatio(topDistance, TopDistance));
        var level = appearance is var (takenOut, factor) ? (weight * factor * (far - takenOut)) + ((1 - (weight * factor)) * own) : Level(own, far, weight);
        return ToUnitInterval(level - Margin).MoveToOuterDisposeScope();
    }

    /// <summary>A distance of the map alone, 0 to 1: 1/2 at <see cref="DistanceLimit"/>.</summary>
    public float Value(float distance) => ToUnitInterval(Math.Log((distance + Noise) / (DistanceLimit + Noise)));

    /// <summary>Scores of distances alone, 0 to 1: 1/2 at 1.5 times the usual normal image's.</summary>
    /// <param name="topDistance"><c>[B]</c>.</param>
    public Tensor Scores(Tensor topDistance)
    {
        using var scope = torch.NewDisposeScope();
        return ToUnitInterval(LogRatio(topDistance, TopDistance) - Margin).MoveToOuterDisposeScope();
    }

    private static float ToUnitInterval(double u) => (float)(0.5 * (1 + (2 * u / (1 + Math.Abs(2 * u)))));

    /// <summary>Mean of the k highest values, or of all where there are fewer.</summary>
    public static float TopMean(IEnumerable<float> values, int k) => values.OrderDescending().Take(k).Average();

    private static Tensor Level(Tensor own, Tensor far, double weight) => (weight * far) + ((1 - weight) * own);

    private static Tensor ToUnitInterval(Tensor u)
    {
        var y = 2 * u;
        return 0.5 * (1 + (y / (1 + y.abs())));
    }

    private Tensor LogRatio(Tensor distance, double usual) => (distance + Noise).log() - Math.Log(usual + Noise);

    private static Tensor Logit(Tensor p) => p.clamp(1e-6, 1 - 1e-6).logit();

    /// <summary>Logarithm of the odds, of values at least 0.000001 from 0 and 1.</summary>
    public static double Logit(double p)
    {
        p = Math.Clamp(p, 1e-6, 1 - 1e-6);
        return Math.Log(p / (1 - p));
    }

    private static double Quantile(float[] sorted, double q) => sorted[(int)Math.Min(Math.Ceiling(q * sorted.Length), sorted.Length) - 1];

    // In one array: of thousands of images these are millions.
    private static float[] Sorted(IReadOnlyList<float[]> values)
    {
        float[] all = new float[values.Sum(v => v.Length)];
        int at = 0;
        foreach (float[] some in values)
        {
            some.CopyTo(all, at);
            at += some.Length;
        }

        Array.Sort(all);
        return all;
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }
}
