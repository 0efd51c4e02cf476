namespace MfpClip.Methods.WinClip;

/// <summary>Kinds of mean over windows and scales.</summary>
public enum WindowAggregation
{
    /// <summary>Harmonic mean: one window that is sure to be normal weighs most (section 4.2). The default.</summary>
    Harmonic,

    /// <summary>Arithmetic mean, for comparison.</summary>
    Arithmetic,
}

/// <summary>
/// Means over the windows that cover a patch and over the scales (WinCLIP section 4.2). Distances to references are joined by the
/// arithmetic mean over scales in both kinds (section 4.3).
/// </summary>
internal sealed class WindowAggregator(WindowAggregation kind) : IWindowAggregator
{
    public StageDescription Describe() => new()
    {
        Stage = "window aggregation",
        Component = kind == WindowAggregation.Harmonic ? "harmonic mean over windows and scales" : "arithmetic mean over windows and scales",
    };

    public Tensor Spread(Tensor scores, Tensor windows, int patches)
    {
        using var scope = torch.NewDisposeScope();
        var (B, n, k) = (scores.shape[0], windows.shape[0], windows.shape[1]);
        var each = kind == WindowAggregation.Harmonic ? 1 / scores.clamp(min: 0) : scores;
        var spread = each.unsqueeze(-1).expand(B, n, k).reshape(B, n * k);
        var flat = windows.reshape(-1);
        // Sums by index, not by a matrix of zeros and ones: a score of 0 is infinite here, and 0 times infinity would reach every patch.
        var sums = torch.zeros([B, patches], dtype: scores.dtype, device: scores.device).index_add(1, flat, spread, 1);
        var covering = torch.zeros([patches], dtype: scores.dtype, device: scores.device)
            .index_add(0, flat, torch.ones([n * k], dtype: scores.dtype, device: scores.device), 1);
        var mean = kind == WindowAggregation.Harmonic ? covering / sums : sums / covering;
        return Finite(mean).MoveToOuterDisposeScope();
    }

    public Tensor Fuse(Tensor imageScores, IReadOnlyList<Tensor> scales)
    {
        using var scope = torch.NewDisposeScope();
        var all = torch.stack([imageScores.unsqueeze(1).expand_as(scales[0]), .. scales], 0); // [S + 1, B, N]
        var fused = kind == WindowAggregation.Harmonic ? all.shape[0] / (1 / all).sum([0]) : all.mean([0]);
        return Finite(fused).MoveToOuterDisposeScope();
    }

    public Tensor FuseAssociations(IReadOnlyList<Tensor> scales)
    {
        using var scope = torch.NewDisposeScope();
        return torch.stack([.. scales], 0).mean([0]).MoveToOuterDisposeScope();
    }

    // Patches that no window covers give 0 / 0.
    private static Tensor Finite(Tensor x) => x.nan_to_num(0, 0, 0);
}
