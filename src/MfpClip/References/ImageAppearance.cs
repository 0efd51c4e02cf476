namespace MfpClip.References;

/// <summary>
/// How far whole images usually lie from the references: the logarithm of the median distance of their cells, over normal images (left one out). An image of
/// another look than the references (another weave, another batch) is far away everywhere, which says nothing about defects: so much of its distance as
/// normal images differ by, and all that is beyond, is taken out of its map and score, and in its score the references weigh less.
/// </summary>
/// <param name="Center">Median over the references of the logarithm.</param>
/// <param name="Deviation">Its standard deviation, drawn to <see cref="Usual"/> where there are few references.</param>
internal sealed record ImageAppearance(double Center, double Deviation)
{
    // Of one product under one camera, in the logarithm; counts as much as two references.
    private const double Usual = 0.2;
    private const int UsualCounts = 2;

    // By how much defects may raise the median of an image; what is beyond Limit is another look.
    private const double OfDefects = 0.3, Limit = 0.5;

    /// <summary>References that differ by more than defects do weigh less, by the ratio of the variances.</summary>
    public double Weight => Math.Min(1, OfDefects * OfDefects / (Deviation * Deviation));

    /// <summary>From the distances of the references, each compared with the others.</summary>
    /// <param name="distances">Of the cells of each reference.</param>
    /// <param name="noise">Is added to a distance.</param>
    public static ImageAppearance Measure(IReadOnlyList<float[]> distances, double noise)
    {
        var levels = distances.Select(d => Math.Log(Median(d) + noise)).Order().ToList();
        double mean = levels.Average();
        return new(
            (levels[(levels.Count - 1) / 2] + levels[levels.Count / 2]) / 2,
            Math.Sqrt(((UsualCounts * Usual * Usual) + levels.Sum(l => (l - mean) * (l - mean))) / (UsualCounts + levels.Count - 1)));
    }

    /// <summary>What is taken out of the logarithm of the distances of an image.</summary>
    /// <param name="distances">Of its cells.</param>
    /// <param name="noise">Is added to a distance.</param>
    public double TakenOut(float[] distances, double noise)
    {
        double offset = Math.Log(Median(distances) + noise) - Center, inside = Math.Clamp(offset, -Limit, Limit);
        return (Fraction * Math.Min(offset, inside)) + Math.Max(offset - inside, 0);
    }

    /// <summary>The same for a batch, with the factor of the references' weight in the score of each image.</summary>
    /// <param name="distances"><c>[B, N]</c>.</param>
    /// <param name="inside">Cells that count, <c>[B, N]</c>; <see langword="null"/>: all.</param>
    /// <param name="noise">Is added to a distance.</param>
    /// <returns><c>[B]</c> each, in the caller's scope.</returns>
    public (Tensor TakenOut, Tensor Weight) Of(Tensor distances, Tensor? inside, double noise)
    {
        using var scope = torch.NewDisposeScope();
        var median = torch.stack([.. Enumerable.Range(0, (int)distances.shape[0]).Select(i =>
            Median(inside is not null && inside[i].any().item<bool>() ? distances[i].masked_select(inside[i]) : distances[i]))], 0);
        var offset = (median + noise).log() - Center;
        var within = offset.clamp(-Limit, Limit);
        var beyond = (offset - within).clamp(min: 0);
        return (((Fraction * offset.minimum(within)) + beyond).MoveToOuterDisposeScope(), (1 / (1 + (beyond / 2))).MoveToOuterDisposeScope());
    }

    // Of an offset as usual among normal images: how much of its variance is theirs.
    private double Fraction => Deviation * Deviation / ((Deviation * Deviation) + (OfDefects * OfDefects));

    private static Tensor Median(Tensor values) => values.kthvalue((values.shape[0] + 1) / 2, 0).values;

    private static float Median(float[] values)
    {
        float[] sorted = [.. values.Order()];
        return sorted[(sorted.Length - 1) / 2];
    }
}
