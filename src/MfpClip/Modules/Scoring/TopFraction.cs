namespace MfpClip.Modules.Scoring;

/// <summary>The score of an image as the mean of its largest values.</summary>
internal static class TopFraction
{
    /// <summary>Mean of the <c>int(fraction * P)</c> largest, at least one, of each row.</summary>
    /// <param name="values"><c>[B, P]</c>.</param>
    /// <param name="fraction">0 to 1; 0 is the maximum.</param>
    /// <returns><c>[B]</c> in the precision of the values.</returns>
    public static Tensor Mean(Tensor values, double fraction)
    {
        using var scope = torch.NewDisposeScope();
        int count = Math.Max((int)(fraction * values.shape[1]), 1);
        var (largest, _) = values.topk(count, dim: 1, largest: true, sorted: false);
        return largest.to_type(ScalarType.Float64).mean([1]).to_type(values.dtype).MoveToOuterDisposeScope();
    }
}
